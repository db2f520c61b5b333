"""Lightning's Trainer, fed the very batches that brickwise learns from. Needs `pip install -r benchmarks/lightning.txt`."""

from __future__ import annotations

import copy
import logging
import tempfile
import warnings
from collections.abc import Iterator
from typing import Any

import lightning
import torch
from loop_work import Clock, Work
from loops import optimizer
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim.lr_scheduler import LambdaLR

from stages.train.batches import epoch_batches, length_batches
from stages.train.feed import Batch
from stages.train.loop import rate_at


def by_lightning(work: Work, net: nn.Module, clock: Clock) -> None:
    """Timed from the start of its training to the end: without what it sets up before."""
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    train, valid = _Training(work), _Validation(work)
    module = _Module(work, net, clock, len(train) * work.config.epochs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # advice on loaders with workers, which batches in memory do not need
        trainer = lightning.Trainer(
            max_epochs=work.config.epochs, accelerator="gpu" if work.device.type == "cuda" else "cpu", devices=1,
            gradient_clip_val=work.config.clip, precision="bf16-mixed" if work.dtype == torch.bfloat16 else "32-true",
            logger=False, enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False,
            num_sanity_val_steps=0,
        )  # fmt: skip
        trainer.fit(module, train, valid)
    net.load_state_dict(module.best_weights)


class _Training:
    """The training batches, another epoch each time."""

    def __init__(self, work: Work) -> None:
        self.work, self.epoch = work, -1
        self.lengths = work.feed.lengths[work.parts["train"]]

    def __len__(self) -> int:
        return -(-len(self.lengths) // self.work.config.batch)

    def __iter__(self) -> Iterator[Batch]:
        self.epoch += 1
        config = self.work.config
        chosen = epoch_batches(self.lengths, config.batch, config.seed, self.epoch, tokens=config.tokens)
        return self.work.feed.batches([self.work.parts["train"][some] for some in chosen])


class _Validation:
    """The validation batches."""

    def __init__(self, work: Work) -> None:
        self.work, self.rows = work, work.parts["valid"]

    def __iter__(self) -> Iterator[Batch]:
        config = self.work.config
        chosen = length_batches(self.work.feed.lengths[self.rows], config.batch, tokens=config.tokens)
        return self.work.feed.batches([self.rows[some] for some in chosen])


class _Module(lightning.LightningModule):
    """The same net, loss, optimiser and rates."""

    def __init__(self, work: Work, net: nn.Module, clock: Clock, steps: int) -> None:
        super().__init__()
        self.work, self.net, self.clock, self.steps = work, net, clock, steps
        self.best, self.best_weights = -1.0, net.state_dict()
        self.right = torch.zeros(())

    def transfer_batch_to_device(self, batch: Any, device: torch.device, dataloader_idx: int) -> Any:
        """It is there."""
        return batch

    def on_train_start(self) -> None:
        """After all has been set up."""
        self.clock.start()

    def on_train_end(self) -> None:
        """Before all is torn down. A checkpoint is timed by itself."""
        self.clock.stop()
        with tempfile.TemporaryDirectory() as folder:
            self.clock.checkpoint = Clock(self.device)
            self.clock.checkpoint.start()
            self.trainer.save_checkpoint(f"{folder}/one.ckpt")
            self.clock.checkpoint.stop()

    def training_step(self, batch: Batch, position: int) -> Tensor:
        """The mean loss of a batch."""
        return F.cross_entropy(self.net(batch.inputs).float(), batch.truth)

    def on_validation_epoch_start(self) -> None:
        """Count anew."""
        self.right = torch.zeros((), dtype=torch.int64, device=self.device)

    def validation_step(self, batch: Batch, position: int) -> None:
        """Count what is right."""
        self.right += (self.net(batch.inputs).argmax(1) == batch.truth).sum()

    def on_validation_epoch_end(self) -> None:
        """Remember the best weights."""
        accuracy = int(self.right) / len(self.work.parts["valid"])
        if accuracy > self.best:
            self.best, self.best_weights = accuracy, copy.deepcopy(self.net.state_dict())

    def configure_optimizers(self) -> Any:
        """As all loops have them, a rate a step."""
        config, opt = self.work.config, optimizer(self.work, self.net)
        schedule = LambdaLR(opt, lambda step: rate_at(step / self.steps, config.warmup, config.schedule))
        return {"optimizer": opt, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}
