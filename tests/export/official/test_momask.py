"""MoMask's networks against an independent forward pass, the passes around them, and folders that do not fit."""

import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is absent: pip install -e '.[export]'")

from export.official.folders import Momask, read_momask  # noqa: E402
from export.official.passes import DecodePass, EncodePass, LengthPass, MaskedPass, ResidualPass  # noqa: E402
from sdk.errors import InvalidInput, MalformedFile  # noqa: E402
from tests.export.official import published, reference  # noqa: E402
from tests.export.official.published import M_NAME, R_NAME, SMALL, VQ_NAME, Sizes  # noqa: E402

CLOSE = 1e-5


@cache
def small() -> tuple[Momask, dict[str, reference.State]]:
    return read_momask(published.momask()), published.write_momask(published.tiny.folder("official-again"))


def gap(a: torch.Tensor, b: torch.Tensor) -> float:
    assert a.shape == b.shape
    return float((a - b).detach().abs().max())


def check_forward(model: Momask, states: dict[str, reference.State], heads: int, tokens: int) -> None:
    """Every network's output equals the reference's, PAD and left-out layers included."""
    torch.manual_seed(tokens)
    codes, layers = model.vq.sizes.codes, model.vq.sizes.quantisers
    text = torch.randn(512)
    base = torch.randint(codes + 1, (tokens,))  # some MASK
    below = torch.randint(codes + 1, (layers, tokens))  # some PAD
    below[:, 0], below[0, 1] = codes, codes
    left_out = torch.where(below == codes, -1, below)
    with torch.no_grad():
        for one in (text, torch.zeros(512)):
            expected = reference.masked_logits(states["masked"], heads, base, one)
            assert expected.abs().max() > 0.1
            assert gap(model.masked(base[None], one[None])[0], expected) < CLOSE
            for layer in range(1, layers):
                expected = reference.residual_logits(states["residual"], heads, below, layer, one)
                assert expected.abs().max() > 0.1
                found = model.residual(left_out[None], torch.tensor([layer]), one[None])[0]
                assert gap(found, expected) < CLOSE
        features = reference.decoded(states["vq"], left_out)
        assert gap(model.vq.decode(left_out[None])[0], features) < CLOSE
        assert torch.equal(model.vq.encode(features[None])[0], reference.encoded(states["vq"], features))
        assert model.length is not None
        assert gap(LengthPass(model.length)(text), reference.lengths(states["length"], text)) < CLOSE


@pytest.mark.parametrize("tokens", [2, 7, 49])
def test_every_network_computes_what_the_published_one_does(tokens: int) -> None:
    check_forward(*small(), SMALL.heads, tokens)


def test_the_released_sizes_and_key_counts(tmp_path: Path) -> None:
    states = published.write_momask(tmp_path, published.RELEASED)
    assert {name: len(state) for name, state in states.items()} == {
        "vq": 72, "masked": 108, "residual": 112, "length": 14
    }  # fmt: skip
    shutil.rmtree(tmp_path / "length_estimator")  # it comes in an archive of its own
    model = read_momask(tmp_path)
    assert model.length is None and model.max_tokens == 49
    torch.manual_seed(0)
    tokens, text = torch.randint(513, (6, 30)), torch.randn(512)
    with torch.no_grad():
        expected = reference.masked_logits(states["masked"], 6, tokens[0], text)
        assert gap(model.masked(tokens[:1], text[None])[0], expected) < CLOSE
        expected = reference.residual_logits(states["residual"], 6, tokens, 3, text)
        found = model.residual(torch.where(tokens == 512, -1, tokens)[None], torch.tensor([3]), text[None])[0]
        assert gap(found, expected) < CLOSE


def test_residual_tables_of_their_own_count_twice_as_published(tmp_path: Path) -> None:
    states = published.write_momask(tmp_path, shared=False)
    check_forward(read_momask(tmp_path), states, SMALL.heads, 9)


def test_rows_of_a_batch_do_not_mix() -> None:
    model, _ = small()
    torch.manual_seed(1)
    tokens, layers, text = torch.randint(512, (2, 6, 8)), torch.tensor([1, 5]), torch.randn(2, 512)
    both = model.residual(tokens, layers, text)
    for k in range(2):
        alone = model.residual(tokens[k : k + 1], layers[k : k + 1], text[k : k + 1])
        assert gap(both[k : k + 1], alone) < CLOSE


def test_layers_above_do_not_count() -> None:
    model, _ = small()
    torch.manual_seed(1)
    tokens, text = torch.randint(512, (1, 6, 8)), torch.randn(1, 512)
    others = tokens.clone()
    others[:, 2:] = torch.randint(512, (1, 4, 8))
    first, second = (model.residual(t, torch.tensor([2]), text) for t in (tokens, others))
    assert torch.equal(first, second) and not torch.equal(first, model.residual(tokens, torch.tensor([3]), text))


# --- passes ---


class Fixed(torch.nn.Module):
    """A network that says the same at every position."""

    def __init__(self, logits: torch.Tensor, codes: int) -> None:
        super().__init__()
        self.logits, self.sizes = logits, published.Sizes(codes=codes)

    def forward(self, tokens: torch.Tensor, *_: torch.Tensor) -> torch.Tensor:
        return self.logits.expand(tokens.shape[0], tokens.shape[-1], -1)


def gumbel(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).gumbel(size=shape)).float()


def conditions(rows: int = 1) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    return torch.zeros(rows, 512), torch.zeros(rows, 9), torch.tensor([1.0] if rows == 1 else [4.0, -3.0])


def test_only_the_likeliest_tenth_of_the_codes_is_sampled() -> None:
    logits = torch.linspace(0, 1, 512)
    count = 20000
    step, tokens = MaskedPass(Fixed(logits, 512)), torch.zeros(count, dtype=torch.long)
    codes, chance = step(tokens, *conditions(), gumbel(count, 512))
    assert codes.min() == 512 - 52 and codes.max() == 511 and len(codes.unique()) == 52
    assert gap(chance, logits.softmax(-1)[codes]) < 1e-7, "its probability before filtering"


@pytest.mark.parametrize("logit", [0.0, 1.5])
def test_pad_is_sampled_with_its_own_probability_and_leaves_the_layer_out(logit: float) -> None:
    codes, count = 40, 20000
    logits = torch.cat([torch.linspace(-1, 1, codes), torch.tensor([logit])])
    tokens = torch.zeros(6, count, dtype=torch.long)
    found = ResidualPass(Fixed(logits, codes))(tokens, torch.tensor([1]), *conditions(), gumbel(count, codes))
    kept = logits.topk(5).indices  # ceil(0.1 * 41)
    expected = torch.zeros(codes + 1)
    expected[kept] = logits[kept].softmax(-1)
    share = torch.bincount(torch.where(found < 0, codes, found), minlength=codes + 1) / count
    assert gap(share, expected) < 0.015
    assert (expected[codes] > 0.2) == (logit > 1) and (found == -1).any() == (logit > 1)


def test_guidance_is_the_weighted_sum_of_the_rows() -> None:
    model, states = small()
    torch.manual_seed(3)
    tokens, text = torch.randint(512, (11,)), torch.stack([torch.randn(512), torch.zeros(512)])
    with_text, without = (reference.masked_logits(states["masked"], SMALL.heads, tokens, row) for row in text)
    guided = without + 4 * (with_text - without)
    _, affect, weight = conditions(rows=2)
    codes, chance = MaskedPass(model.masked)(tokens, text, affect, weight, torch.zeros(11, 512))
    assert torch.equal(codes, guided.argmax(-1)) and gap(chance, guided.softmax(-1).amax(-1)) < CLOSE


def test_decoding_and_encoding_are_in_units() -> None:
    model, states = small()
    torch.manual_seed(4)
    tokens = torch.randint(512, (6, 5))
    features = DecodePass(model.vq, model.mean, model.std)(tokens, torch.zeros(9))
    normalised = reference.decoded(states["vq"], tokens)
    expected = normalised * torch.from_numpy(published.divided_std()) + torch.from_numpy(published.mean())
    assert features.shape == (20, 263) and gap(features, expected) < CLOSE
    found = EncodePass(model.vq, model.mean, model.std)(features)
    assert torch.equal(found, reference.encoded(states["vq"], normalised))


# --- folders that do not fit ---


def change(path: Path, key: str, alter: Callable[[dict[str, Any]], None]) -> None:
    content = torch.load(path, weights_only=True)
    alter(content[key])
    torch.save(content, path)


def refusal(folder: Path, **how: Any) -> str:
    with pytest.raises((InvalidInput, MalformedFile)) as caught:
        read_momask(folder, **how)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(published.momask(), tmp_path / "t2m")
    return tmp_path / "t2m"


@pytest.mark.parametrize(
    ("file", "values", "words"),
    [
        (VQ_NAME, {"nb_code": 1024}, "quantizer.layers.0.codebook is (512, 32), the options make it (1024, 32)"),
        (VQ_NAME, {"code_dim": 64}, "output_emb_width must be 64 to be imported, got 32"),
        (VQ_NAME, {"num_quantizers": 7}, "lacks quantizer.layers.6.codebook"),
        (VQ_NAME, {"num_quantizers": 2}, "num_quantizers must be at least 3"),
        (VQ_NAME, {"width": 10**9}, "width must be a whole number in 1..65536"),
        (VQ_NAME, {"down_t": 3}, "down_t must be 2 to be imported, got 3"),
        (VQ_NAME, {"vq_norm": "LN"}, "vq_norm must be None to be imported, got 'LN'"),
        (VQ_NAME, {"vq_act": "silu"}, "vq_act must be 'relu' to be imported, got 'silu'"),
        (VQ_NAME, {"shared_codebook": True}, "shared_codebook must be False to be imported, got True"),
        (VQ_NAME, {"dataset_name": "kit"}, "dataset_name must be 't2m' to be imported, got 'kit'"),
        (M_NAME, {"latent_dim": 96}, "input_process.poseEmbedding.weight is (48, 32), the options make it (96, 32)"),
        (M_NAME, {"latent_dim": 49}, "latent_dim 49 must be even and a multiple of n_heads 6"),
        (M_NAME, {"n_layers": 3}, "lacks seqTransEncoder.layers.2.linear1.bias"),
        (M_NAME, {"n_layers": 1}, "has unknown seqTransEncoder.layers.1.linear1.bias"),
        (M_NAME, {"unit_length": 8}, "unit_length must be 4 to be imported, got 8"),
        (R_NAME, {"vq_name": "another"}, "was trained on 'another'"),
        (R_NAME, {"share_weight": False}, "lacks output_proj_bias, output_proj_weight, token_embed_weight and has"),
        (R_NAME, {"share_weight": "yes"}, "share_weight must be True or False, got 'yes'"),
    ],
)
def test_options_that_contradict_the_weights_are_named(
    folder: Path, file: str, values: dict[str, Any], words: str
) -> None:
    whole = published.vq_options(SMALL) if file == VQ_NAME else published.token_options(SMALL, file, share_weight=True)
    published.write_opt(folder / file / "opt.txt", {**whole, **values})
    assert words in refusal(folder)


def test_weights_that_do_not_fit_are_named(folder: Path) -> None:
    latest = folder / M_NAME / "model" / "latest.tar"
    kept = latest.read_bytes()
    cases: dict[str, Callable[[dict[str, Any]], Any]] = {
        "latest.tar, t2m_transformer lacks token_emb.weight": lambda s: s.pop("token_emb.weight"),
        "has unknown extra": lambda s: s.update(extra=torch.ones(1)),
        "token_emb.weight is (513, 32), the options make it (514, 32)": lambda s: s.update(
            {"token_emb.weight": torch.ones(513, 32)}
        ),
        "cond_emb.bias holds NaN": lambda s: s["cond_emb.bias"].fill_(float("nan")),
    }
    for words, alter in cases.items():
        latest.write_bytes(kept)
        change(latest, "t2m_transformer", alter)
        assert words in refusal(folder)
    torch.save({"vq_model": {}}, latest)
    assert "is not the masked transformer: it has no 't2m_transformer', but vq_model" in refusal(folder)


def test_older_names_and_a_frozen_encoder_are_understood(folder: Path) -> None:
    latest = folder / M_NAME / "model" / "latest.tar"
    content = torch.load(latest, weights_only=True)
    state = {**content["t2m_transformer"], "clip_model.positional_embedding": torch.ones(77, 512)}
    torch.save({"trans": state}, folder / M_NAME / "model" / "net_best_fid.tar")
    latest.unlink()
    vq = folder / VQ_NAME / "model" / "net_best_fid.tar"
    torch.save({"net": torch.load(vq, weights_only=True)["vq_model"]}, vq)
    model = read_momask(folder)
    assert torch.equal(model.masked.token_emb.weight, small()[0].masked.token_emb.weight)
    assert f"{M_NAME}/model/net_best_fid.tar" in model.files and f"{M_NAME}/model/latest.tar" not in model.files


def test_a_folder_is_chosen_by_name_where_there_are_several(folder: Path) -> None:
    shutil.copytree(folder / M_NAME, folder / "t2m_other")
    message = refusal(folder)
    assert f"found: {M_NAME}, t2m_other; name one with --masked" in message
    assert read_momask(folder, masked="t2m_other").files.keys() >= {"t2m_other/opt.txt"}
    assert "gone" in refusal(folder, masked="gone")


def test_a_folder_that_holds_no_model_says_what_to_give(tmp_path: Path) -> None:
    assert "must hold one folder t2m_... with an opt.txt, found: none; give the folder" in refusal(tmp_path)
    assert "is no folder" in refusal(tmp_path / "gone")


def test_missing_files_are_named(folder: Path) -> None:
    for path, words in (
        (folder / R_NAME / "model" / "net_best_fid.tar", "it is the weights of the residual transformer"),
        (folder / VQ_NAME / "meta" / "std.npy", "statistics"),
        (folder / VQ_NAME / "opt.txt", "it is the options"),
    ):
        moved = path.rename(folder / "moved")
        message = refusal(folder)
        assert f"{path} does not exist" in message and words in message
        moved.rename(path)
    published.write_opt(folder / M_NAME / "opt.txt", published.token_options(SMALL, M_NAME, vq_name="../t2m"))
    published.write_opt(folder / R_NAME / "opt.txt", published.token_options(SMALL, R_NAME, vq_name="../t2m"))
    assert "vq_name is '../t2m', not the name of a folder" in refusal(folder)


def test_raw_statistics_of_the_data_set_are_refused(folder: Path) -> None:
    np.save(folder / VQ_NAME / "meta" / "std.npy", published.raw_std())
    assert "std is raw (yaw 0.012826) but divided by 25 is expected" in refusal(folder)


def test_other_sizes_than_the_small_ones_are_read(tmp_path: Path) -> None:
    sizes = Sizes(codes=64, code=16, conv=24, quantisers=4, width=40, heads=4, layers=1, hidden=32)
    check_forward(read_momask_of(tmp_path, sizes), published.write_momask(tmp_path / "again", sizes), 4, 6)


def read_momask_of(folder: Path, sizes: Sizes) -> Momask:
    published.write_momask(folder / "first", sizes)
    return read_momask(folder / "first")
