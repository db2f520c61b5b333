"""Parts that do not fit fail where a net is declared, with the shapes; and so does a pipeline."""

import pytest
from pydantic import ValidationError

from pipeline import UsageError
from stages import (
    Attention,
    Bag,
    Branch,
    Cnn,
    Gate,
    Gru,
    Last,
    Learned,
    Lstm,
    LstmWritten,
    Max,
    Mean,
    MixedNet,
    ReadLstm,
    Sum,
    TextNet,
    Transformer,
)

HEADS = (
    r"tokens \[rows, length\] -> Learned \[rows, length, 30\] -> Transformer: 4 heads cannot share width 30; "
    r"expected heads that divide it, 1, 2, 3, 5, 6, 10, 15, 30, or an embedding of width 32"
)


@pytest.mark.parametrize(
    ("part", "width"),
    [
        (Bag(), 6),
        (Cnn(windows=(1, 2, 3), channels=5), 15),
        (Gru(hidden=5), 10),
        (Lstm(hidden=5, bidirectional=False), 5),
        (LstmWritten(hidden=5, layers=2), 10),
        (Transformer(heads=3), 6),
        (Max(), 6),
        (Mean(), 6),
        (Last(), 6),
        (Last(first=True), 12),
        (Attention(heads=3), 18),
        (Attention(heads=3, together="mean"), 6),
        (ReadLstm(hidden=4), 4),
    ],
)
def test_a_part_says_how_wide_it_makes_6(part, width):
    assert part.width_out(6) == width


def test_heads_must_divide_the_width_of_the_embedding():
    with pytest.raises(ValidationError, match=HEADS):
        TextNet(embed=Learned(width=30), encode=Transformer())
    TextNet(embed=Learned(width=30), encode=Transformer(heads=5))


def test_a_wide_embedding_is_told_the_first_of_the_heads_that_would_do():
    with pytest.raises(ValueError, match=r"1, 2, 3, 4, 5, 6, 8, 9, \.\.\., or an embedding of width 364"):
        Transformer(heads=7).width_out(360)


def test_branches_that_are_added_up_must_be_equally_wide():
    words, tags = Branch(), Branch(embed=Learned(width=8), encode=Bag())
    with pytest.raises(
        ValidationError, match=r"tags \[rows, 8\], words \[rows, 256\] -> Sum: widths 8, 256 cannot be added up"
    ):
        MixedNet(branches={"words": words, "tags": tags}, merge=Sum())
    assert MixedNet(branches={"words": words, "tags": tags}, merge=Gate(width=7)).widths() == ([8, 256], 7)
    assert MixedNet(branches={"words": words, "tags": tags}).widths() == ([8, 256], 264)
    assert MixedNet(branches={"words": tags, "tags": tags}, merge=Sum()).widths() == ([8, 8], 8)


def test_the_branch_with_the_mistake_is_named():
    with pytest.raises(
        ValidationError, match=r"words \[rows, length\] -> Learned \[rows, length, 30\] -> Transformer: 4 heads"
    ):
        MixedNet(branches={"tags": Branch(), "words": Branch(embed=Learned(width=30), encode=Transformer())})


@pytest.fixture
def pipeline(project):
    """One of a user's own, with a part of their own in a module that registers nothing."""
    project.write(
        "mine/parts.py",
        '''
        from pydantic import Field

        from stages import Encode


        class Doubled(Encode):
            """Each position twice, side by side; it takes no width that is odd."""

            scale: float = Field(default=1.0, gt=0)

            def width_out(self, width):
                if width % 2:
                    raise ValueError(f"width {width} is odd")
                return 2 * width

            def build(self, width):
                from .modules import Doubled

                return Doubled(self.scale)
        ''',
    )
    project.write(
        "mine/modules.py",
        """
        import torch


        class Doubled(torch.nn.Module):
            def __init__(self, scale):
                super().__init__()
                self.scale = torch.nn.Parameter(torch.tensor(scale))

            def forward(self, found, real):
                return torch.cat([found, found * self.scale], dim=2)
        """,
    )
    project.write(
        "mine/flow.py",
        """
        from pipeline import Pipeline, Step
        from schemas import SplitText, Tokens
        from stages import CsvFile, Ingest, Learned, TextNet, Train, Vectorize

        from .parts import Doubled

        FLOW = Pipeline(
            "flow",
            Step("raw", Ingest[SplitText](source=CsvFile(path="rows.csv"))),
            Step("features", Vectorize[Tokens](), reads={"rows": "raw"}),
            Step("net", Train(model=TextNet(embed=Learned(width=6), encode=Doubled(scale=3))), reads={"rows": "features", "vocabulary": "features"}),
        )
        """,
    )
    return project.load("mine.flow:FLOW")


def test_a_part_of_ones_own_is_one_class_and_no_registration(pipeline):
    import torch

    from stages.parts.base import Input

    model = pipeline.steps["net"].stage.model
    assert type(model.encode).__module__ == "mine.parts"
    net = model.build({"tokens": Input("tokens", 9)}, 4)
    assert net({"tokens": torch.tensor([[1, 2, 0]])}).shape == (1, 4)
    again = pipeline.set(['net.model.encode={"Doubled": {"scale": 2}}']).steps["net"].stage.model
    assert (type(again.encode), again.encode.scale) == (type(model.encode), 2)
    assert TextNet.model_validate({"encode": "Doubled"}).encode.width_out(6) == 12


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("net.model.encode=Transformer", r"Learned \[rows, length, 6\] -> Transformer: 4 heads cannot share width 6"),
        ("net.model.embed.width=7", r"tokens \[rows, length\] -> Learned \[rows, length, 7\] -> Doubled: width 7 is odd"),
        ("net.model.encode=Trans", "Encode has no part 'Trans'"),
    ],
)
def test_a_setting_that_does_not_fit_is_refused_with_the_shapes(pipeline, setting, message):
    with pytest.raises(UsageError, match=message):
        pipeline.set([setting])
