"""First weights by the name of a scheme."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import torch
from torch import Tensor, nn
from torch.nn import init

SCHEMES: Mapping[str, Callable[[Tensor], Tensor]] = {
    "xavier_uniform": init.xavier_uniform_,
    "xavier_normal": init.xavier_normal_,
    "kaiming_uniform": lambda weight: init.kaiming_uniform_(weight, nonlinearity="relu"),
    "kaiming_normal": lambda weight: init.kaiming_normal_(weight, nonlinearity="relu"),
    "orthogonal": init.orthogonal_,
    "normal": lambda weight: init.normal_(weight, std=0.05),
    "zeros": init.zeros_,
}
_RECURRENT = ("weight_ih", "weight_hh")  # as torch names them: the matrices of all gates, one below the other


@torch.no_grad()
def initialise(net: nn.Module, scheme: str, *, leave: Iterable[nn.Module] = ()) -> None:
    """Fill every weight matrix by a scheme, zero every bias and every vector of the padding.

    A recurrent matrix is filled gate by gate.  Scales of normalisations stay 1.  Modules in `leave` stay as they are.
    """
    left = {id(weight) for module in leave for weight in module.parameters()}
    for module in net.modules():
        own = {name: weight for name, weight in module.named_parameters(recurse=False) if id(weight) not in left}
        for name, weight in own.items():
            if "bias" in name:
                weight.zero_()
            elif weight.dim() > 1:
                gate = own[name.replace("_ih", "_hh")].shape[1] if name.startswith(_RECURRENT) else len(weight)
                for rows in torch.split(weight, gate):
                    SCHEMES[scheme](rows)
        if isinstance(module, nn.Embedding) and module.padding_idx is not None and own:
            module.weight[module.padding_idx].zero_()
