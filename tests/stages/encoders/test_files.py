"""What is read of an encoder's folder, and what is refused before it costs anything."""

import json
import tracemalloc

import pytest

from pipeline import UsageError
from stages.encoders import encoder_digests, encoder_files, read_encoder, width_of


def test_three_files_are_found_and_their_digests_follow_their_bytes(encoder_folder):
    folder = encoder_folder()
    before = encoder_digests(str(folder))
    assert list(before) == ["config.json", "tokenizer.json", "weights.safetensors"]
    assert read_encoder(str(folder))["weights.safetensors"] == (folder / "model.safetensors").read_bytes()
    assert width_of((folder / "config.json").read_bytes()) == 16
    (folder / "config.json").write_text((folder / "config.json").read_text() + " ")
    changed = {name for name, digest in encoder_digests(str(folder)).items() if digest != before[name]}
    assert changed == {"config.json"}


@pytest.mark.parametrize(
    ("lacking", "beside", "said"),
    [
        ("config.json", None, "has no config.json; expected a model saved by transformers"),
        ("tokenizer.json", None, "has no tokenizer.json; expected"),
        ("model.safetensors", None, "has no model.safetensors; expected"),
        ("model.safetensors", "pytorch_model.bin", "pickled weights .* are never read"),
        ("model.safetensors", "model.safetensors.index.json", "weights in several files are not read"),
    ],
)
def test_a_folder_that_lacks_a_file_says_which(encoder_folder, lacking, beside, said):
    folder = encoder_folder()
    (folder / lacking).unlink()
    if beside:
        (folder / beside).write_bytes(b"\x80\x04")
    with pytest.raises(UsageError, match=said):
        encoder_files(str(folder))


def test_a_model_of_the_hub_is_taken_from_its_cache_and_never_fetched(encoder_folder, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    with pytest.raises(UsageError, match=r"not in the hub's cache; fetch it once: hf download some/model config.json"):
        encoder_files("some/model")
    cache = tmp_path / "hub" / "models--some--model"
    (cache / "refs").mkdir(parents=True)
    (cache / "refs" / "main").write_text("abc123")
    (cache / "snapshots").mkdir()
    encoder_folder().rename(cache / "snapshots" / "abc123")
    assert encoder_digests("some/model") == encoder_digests("some/model", "abc123")
    with pytest.raises(UsageError, match="is no folder; expected one, or owner/model"):
        encoder_files("../some/model")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"model_type": 3}', "[" * 100_000])
def test_a_config_that_is_none_is_a_usage_error(encoder_folder, text):
    folder = encoder_folder()
    (folder / "config.json").write_text(text)
    with pytest.raises(UsageError, match=r"config\.json is no"):
        encoder_files(str(folder))


def test_a_folder_with_code_of_its_own_is_refused(encoder_folder, tmp_path):
    folder = encoder_folder(auto_map={"AutoModel": "modeling_evil.Evil"}, model_type="evil")
    (folder / "modeling_evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    with pytest.raises(UsageError, match=r"brings code of its own \(auto_map: .*modeling_evil.*\), which is never run"):
        encoder_files(str(folder))
    assert not (tmp_path / "ran").exists()


def damage(folder, how):
    path = folder / "model.safetensors"
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    forged = {
        "a header of a gigabyte": (2**30).to_bytes(8, "little") + data[8:],
        "a header of 2^63": (2**63).to_bytes(8, "little") + data[8:],
        "cut off": data[:-100],
        "longer than it says": data + b"\0" * 100,
        "no JSON": data[:8] + b"x" * length + data[8 + length :],
        "no offsets": (json_ := json.dumps({name: {} for name in header}).encode())
        and len(json_).to_bytes(8, "little") + json_,
        "seven bytes": data[:7],
        "empty": b"",
    }
    path.write_bytes(forged[how])


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("a header of a gigabyte", "claims a header of 1,073,741,824 bytes"),
        ("a header of 2^63", "claims a header of 9,223,372,036,854,775,808 bytes"),
        ("cut off", "its header says"),
        ("longer than it says", "its header says"),
        ("no JSON", "has no safetensors header"),
        ("no offsets", "has no safetensors header"),
        ("seven bytes", "claims a header of"),
        ("empty", "has no safetensors header|claims a header of"),
    ],
)
def test_damaged_weights_are_refused_by_their_header(encoder_folder, how, said):
    folder = encoder_folder()
    damage(folder, how)
    with pytest.raises(UsageError, match=said):
        encoder_files(str(folder))


def test_a_header_that_claims_a_gigabyte_in_a_file_that_large_takes_no_memory(encoder_folder):
    folder = encoder_folder()
    with (folder / "model.safetensors").open("wb") as file:
        file.write((2**30).to_bytes(8, "little"))
        file.truncate(2**31)  # a sparse file
    tracemalloc.start()
    with pytest.raises(UsageError, match="claims a header of 1,073,741,824 bytes in a file of 2,147,483,648"):
        encoder_files(str(folder))
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()
