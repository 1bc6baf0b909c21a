"""The models by their behaviour: quantisers, straight-through gradients, conditions, masks. Passes: test_steps.py.

B batch, N tokens, Q quantiser layers, C codes, D width, as in `training.models`.
"""

from dataclasses import replace

import pytest

torch = pytest.importorskip("torch", reason="torch is absent: pip install -e '.[train]'")

from sdk.emotion import NUM_EMOTIONS, Affect  # noqa: E402
from training.models.emotion import EmotionEmbedder  # noqa: E402
from training.models.rvq import DOWNSAMPLING, Quantiser, ResidualBlock, Rvq, RvqConfig  # noqa: E402
from training.models.steps import DecodeStep  # noqa: E402
from training.models.transformer import (  # noqa: E402
    MaskedTransformer,
    ResidualTransformer,
    TransformerConfig,
    rotary_turns,
    rotate,
)
from training.recipes import RECIPES, recipe_named  # noqa: E402

RVQ = RvqConfig(features=12, width=16, codes=8, code_width=6, layers=3)
TOKENS = TransformerConfig(codes=8, quantisers=3, text_width=5, width=16, heads=2, layers=2, hidden=32, max_tokens=20)
NEUTRAL = torch.from_numpy(Affect.neutral().condition)
JOY = torch.from_numpy(Affect.of("joy", 1.0).condition)
NOBODY = torch.zeros(NUM_EMOTIONS)


@pytest.fixture(autouse=True)
def fixed_seed() -> None:
    torch.manual_seed(0)


def shaken(module: torch.nn.Module) -> torch.nn.Module:
    """In evaluation mode, with the zeros and ones of its first weights moved."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return module.eval()


def used_rvq(config: RvqConfig = RVQ) -> Rvq:
    """An RVQ-VAE whose codebooks were filled from data."""
    model = shaken(Rvq(config))
    model.train()
    with torch.no_grad():
        model(torch.randn(8, 40, config.features))
    return model.eval()


# --- quantiser ---


def test_codes_move_by_moving_averages() -> None:
    quantiser = Quantiser(replace(RVQ, codes=4, code_width=2))
    quantiser.initialise(torch.randn(40, 2))
    counts = [1.0] * 4
    sums = [code.tolist() for code in quantiser.codebook]
    for step in range(8):
        batch = torch.randn(40, 2) + step / 10
        tokens = quantiser.nearest(batch)
        quantiser.update(batch, tokens)
        for code in range(4):
            mine = [v for v, t in zip(batch.tolist(), tokens.tolist(), strict=True) if t == code]
            counts[code] = 0.99 * counts[code] + 0.01 * len(mine)
            sums[code] = [0.99 * s + 0.01 * sum(v[d] for v in mine) for d, s in enumerate(sums[code])]
    assert min(counts) > 0.05 * 40 / 4, "none died on the way"
    torch.testing.assert_close(quantiser.codebook, torch.tensor(sums) / torch.tensor(counts)[:, None])
    torch.testing.assert_close(quantiser.counts, torch.tensor(counts))


def test_the_nearest_code_is_found() -> None:
    quantiser = Quantiser(RVQ)
    quantiser.codebook.copy_(torch.randn(8, 6))
    x = torch.randn(3, 50, 6)
    distance = (x[..., None, :] - quantiser.codebook).square().sum(-1)
    assert (quantiser.nearest(x) == distance.argmin(-1)).all()
    assert torch.equal(quantiser.lookup(torch.tensor([[2, 5]])), quantiser.codebook[[2, 5]][None])


def test_codes_begin_as_vectors_of_the_first_batch() -> None:
    model = Rvq(RVQ).train()
    assert not any(q.initialised for q in model.quantisers)
    model(torch.randn(4, 40, 12))
    assert all(q.initialised for q in model.quantisers)
    first = [q.codebook.clone() for q in model.quantisers]
    model(torch.randn(4, 40, 12))
    moved = [(q.codebook - before).norm() / before.norm() for q, before in zip(model.quantisers, first, strict=True)]
    assert all(0 < m < 0.9 for m in moved), "the second batch moves the codes and does not replace them"


def test_dead_codes_are_reborn_near_the_data() -> None:
    quantiser = Quantiser(RVQ)
    x = torch.randn(64, 6)
    quantiser.initialise(x)
    quantiser.codebook[3] = quantiser.sums[3] = 1000.0  # nothing is near it
    # Its count starts at 1 and dies below a twentieth of the even share 64 / 8: 0.99 ** 92 < 0.4.
    for step in range(1, 101):
        quantiser.update(x, quantiser.nearest(x))
        assert (quantiser.codebook[3].abs().max() < 10) == (step >= 92), step
    assert (quantiser.nearest(x) == 3).any(), "the reborn code is used"


def test_evaluation_changes_no_code() -> None:
    model = used_rvq()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with torch.no_grad():
        model(torch.randn(2, 24, 12))
        model.encode(torch.randn(2, 24, 12))
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


def test_all_that_the_averages_need_is_in_the_state() -> None:
    keys = set(Rvq(RVQ).state_dict())
    for layer in range(3):
        assert {f"quantisers.{layer}.{part}" for part in ("codebook", "counts", "sums", "initialised")} <= keys
    loaded = Rvq(RVQ).train()
    loaded.load_state_dict(used_rvq().state_dict())
    before = loaded.quantisers[0].codebook.clone()
    loaded(torch.randn(4, 40, 12))
    # A quantiser that forgot that it was initialised would take new vectors here.
    assert (loaded.quantisers[0].codebook - before).norm() < 0.9 * before.norm()


# --- RVQ-VAE ---


@pytest.mark.parametrize("frames", [4, 24, 64])
def test_four_frames_become_one_token_and_back(frames: int) -> None:
    model = used_rvq()
    x = torch.randn(2, frames, 12)
    tokens = model.encode(x)
    assert tokens.shape == (2, 3, frames // DOWNSAMPLING) and tokens.dtype == torch.int64
    assert tokens.min() >= 0 and tokens.max() < 8
    assert model.decode(tokens).shape == (2, frames, 12)
    out = model(x)
    assert (out.features.shape, out.tokens.shape) == (x.shape, tokens.shape)


def test_each_layer_quantises_what_the_ones_below_left() -> None:
    model = used_rvq()
    x = torch.randn(4, 40, 12)
    residual = model.encoder((x - model.mean) / model.std)
    left = [residual.norm().item()]
    for quantiser, tokens in zip(model.quantisers, model.encode(x).unbind(1), strict=True):
        assert torch.equal(tokens, quantiser.nearest(residual))
        residual = residual - quantiser.lookup(tokens)
        left.append(residual.norm().item())
    assert left == sorted(left, reverse=True)


def test_training_and_encoding_agree_and_leave_the_input_alone() -> None:
    model = used_rvq()
    model.mean.normal_()
    model.std.uniform_(0.5, 2.0)
    x = torch.randn(2, 24, 12)
    kept = x.clone()
    with torch.no_grad():
        out = model((x - model.mean) / model.std)
        assert torch.equal(out.tokens, model.encode(x))
        torch.testing.assert_close(out.features * model.std + model.mean, model.decode(out.tokens))
    assert torch.equal(x, kept)


@pytest.mark.parametrize("keep", [1, 2, 3])
def test_dropped_layers_are_marked_and_leave_no_trace(keep: int) -> None:
    model = used_rvq()
    x = torch.randn(2, 24, 12)
    with torch.no_grad():
        out = model(x, keep_layers=keep)
        assert (out.tokens[:, keep:] == -1).all() and (out.tokens[:, :keep] >= 0).all()
        torch.testing.assert_close(out.features, model.decode(out.tokens[:, :keep]))


def test_dropped_layers_do_not_learn() -> None:
    model = used_rvq().train()
    last, first = model.quantisers[2].counts.clone(), model.quantisers[0].counts.clone()
    model(torch.randn(4, 40, 12), keep_layers=2)
    assert torch.equal(model.quantisers[2].counts, last)
    assert not torch.equal(model.quantisers[0].counts, first)


def test_the_gradient_goes_straight_through_the_quantiser() -> None:
    model = used_rvq()
    reached: list[torch.Tensor] = []

    def watch(_, inputs, outputs):
        (outputs if inputs[0].shape[-1] == 12 else inputs[0]).register_hook(reached.append)

    model.encoder.register_forward_hook(watch)
    model.decoder.register_forward_hook(watch)
    model(torch.randn(2, 24, 12)).features.square().sum().backward()
    into_decoder, into_encoder = reached
    assert into_decoder.abs().sum() > 0
    torch.testing.assert_close(into_encoder, into_decoder)


def test_the_commitment_pulls_the_encoder_to_its_codes() -> None:
    model = used_rvq()
    out = model(torch.randn(2, 24, 12))
    out.commit.backward()
    assert model.encoder.stages[0].weight.grad.abs().sum() > 0
    assert all(p.grad is None for p in model.decoder.parameters())


# --- emotion ---


def test_a_mixture_of_emotions_is_a_mixture_of_embeddings_before_the_dense_layers() -> None:
    embedder = EmotionEmbedder(16)
    mixed = []
    embedder.dense.register_forward_pre_hook(lambda _, args: mixed.append(args[0]))
    sadness = torch.from_numpy(Affect.of("sadness", 1.0).condition)
    for affect in (JOY, sadness, 0.3 * JOY + 0.7 * sadness):
        embedder(affect)
    torch.testing.assert_close(mixed[2], 0.3 * mixed[0] + 0.7 * mixed[1])
    with torch.no_grad():
        blend = 0.3 * embedder(JOY) + 0.7 * embedder(sadness)
        assert not torch.allclose(embedder(0.3 * JOY + 0.7 * sadness), blend), "the dense layers are not linear"


def test_no_emotion_is_a_row_of_its_own_and_not_neutral() -> None:
    embedder = EmotionEmbedder(16)
    outputs = embedder(torch.stack([NOBODY, NEUTRAL, JOY]))
    assert not torch.allclose(outputs[0], outputs[1])
    assert not torch.allclose(outputs[1], outputs[2])
    torch.testing.assert_close(outputs[0], embedder.dense(embedder.table[-1]))
    outputs[0].sum().backward()
    used = embedder.table.grad.abs().sum(-1) > 0
    assert used.tolist() == [False] * NUM_EMOTIONS + [True]


def test_intensity_zero_is_neutral() -> None:
    embedder = EmotionEmbedder(16)
    faint = torch.from_numpy(Affect.of("anger", 0.0).condition)
    torch.testing.assert_close(embedder(faint), embedder(NEUTRAL))


def test_emotions_have_any_leading_shape() -> None:
    embedder = EmotionEmbedder(16)
    affect = torch.rand(2, 5, NUM_EMOTIONS)
    assert embedder(affect).shape == (2, 5, 16)
    torch.testing.assert_close(embedder(affect)[1, 3], embedder(affect[1, 3]))


def test_the_decoders_emotion_begins_as_the_identity() -> None:
    torch.manual_seed(1)
    with_emotion = ResidualBlock(16, 3, emotion=True)
    torch.manual_seed(1)
    without = ResidualBlock(16, 3, emotion=False)
    x = torch.randn(2, 16, 20)
    for feeling in (torch.randn(2, 16), None):
        assert torch.equal(with_emotion(x, feeling), without(x))


@pytest.mark.parametrize("inside", [True, False])
def test_the_emotion_reaches_the_motion_only_at_its_point(inside: bool) -> None:
    model = used_rvq(replace(RVQ, emotion=inside))
    tokens = torch.randint(8, (1, 3, 6))
    with torch.no_grad():
        step = DecodeStep(model)
        assert torch.equal(step(tokens[0], JOY), step(tokens[0], NEUTRAL)) != inside
        assert torch.equal(model.decode(tokens, JOY[None]), model.decode(tokens, NEUTRAL[None])) != inside


@pytest.mark.parametrize("inside", [True, False])
@pytest.mark.parametrize("kind", [MaskedTransformer, ResidualTransformer])
def test_the_emotion_reaches_the_tokens_only_at_its_point(kind: type, inside: bool) -> None:
    model = shaken(kind(replace(TOKENS, emotion=inside)))
    with torch.no_grad():
        joyful, neutral, nobody = (logits_of(model, affect=a[None]) for a in (JOY, NEUTRAL, NOBODY))
    assert torch.equal(joyful, neutral) != inside
    assert torch.equal(neutral, nobody) != inside


# --- transformers ---


def logits_of(model: torch.nn.Module, **changes: torch.Tensor) -> torch.Tensor:
    """(1, N, C) of fixed inputs, with some of them changed."""
    generator = torch.Generator().manual_seed(5)
    inputs = {
        "tokens": torch.randint(8, (1, 3, 10), generator=generator), "layer": torch.tensor([2]),
        "text": torch.randn(1, 5, generator=generator), "affect": JOY[None], "real": None, **changes,
    }  # fmt: skip
    if isinstance(model, MaskedTransformer):
        return model(inputs["tokens"][:, 0], inputs["text"], inputs["affect"], inputs["real"])
    return model(inputs["tokens"], inputs["layer"], inputs["text"], inputs["affect"], inputs["real"])


@pytest.mark.parametrize("kind", [MaskedTransformer, ResidualTransformer])
def test_padding_does_not_change_what_is_real(kind: type) -> None:
    model = shaken(kind(TOKENS))
    lengths = (10, 4, 7)
    whole = [torch.randint(8, (1, 3, n)) for n in lengths]
    text, affect = torch.randn(3, 5), torch.rand(3, NUM_EMOTIONS)
    padded = torch.randint(8, (3, 3, 10))  # whatever lies in the padding
    real = torch.arange(10)[None] < torch.tensor(lengths)[:, None]
    for row, tokens in enumerate(whole):
        padded[row, :, : lengths[row]] = tokens[0]
    layers = torch.tensor([2, 1, 2])
    with torch.no_grad():
        batch = logits_of(model, tokens=padded, layer=layers, text=text, affect=affect, real=real)
        for row, tokens in enumerate(whole):
            one = {"layer": layers[row : row + 1], "text": text[row : row + 1], "affect": affect[row : row + 1]}
            alone = logits_of(model, tokens=tokens, **one)
            torch.testing.assert_close(batch[row, : lengths[row]], alone[0], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("kind", [MaskedTransformer, ResidualTransformer])
def test_the_text_reaches_the_tokens(kind: type) -> None:
    model = shaken(kind(TOKENS))
    with torch.no_grad():
        plain, zero = logits_of(model), logits_of(model, text=torch.zeros(1, 5))
        other = logits_of(model, text=-torch.ones(1, 5))
    assert torch.isfinite(zero).all()
    assert not torch.allclose(plain, zero) and not torch.allclose(plain, other)


@pytest.mark.parametrize("kind", [MaskedTransformer, ResidualTransformer])
def test_nothing_given_is_a_condition_like_any_other(kind: type) -> None:
    model = shaken(kind(TOKENS))
    with torch.no_grad():
        both = logits_of(
            model, tokens=torch.randint(8, (1, 3, 10)).expand(2, -1, -1), layer=torch.tensor([2, 2]),
            text=torch.stack([torch.ones(5), torch.zeros(5)]), affect=torch.stack([JOY, NOBODY]),
        )  # fmt: skip
    assert torch.isfinite(both).all() and not torch.allclose(both[0], both[1])


@pytest.mark.parametrize("layer", [1, 2])
def test_a_residual_layer_sees_those_below_and_none_above(layer: int) -> None:
    model = shaken(ResidualTransformer(TOKENS))
    tokens = torch.randint(8, (1, 3, 10))
    with torch.no_grad():
        plain = logits_of(model, tokens=tokens, layer=torch.tensor([layer]))
        for q in range(3):
            changed = tokens.clone()
            changed[:, q] = (changed[:, q] + 1) % 8
            same = torch.equal(plain, logits_of(model, tokens=changed, layer=torch.tensor([layer])))
            assert same == (q >= layer)
        left_out = tokens.clone()
        left_out[:, layer:] = -1
        assert torch.equal(plain, logits_of(model, tokens=left_out, layer=torch.tensor([layer])))


def test_the_layer_to_predict_matters_and_rows_may_differ_in_it() -> None:
    model = shaken(ResidualTransformer(TOKENS))
    tokens = torch.randint(8, (1, 3, 10))
    with torch.no_grad():
        one, two = (logits_of(model, tokens=tokens, layer=torch.tensor([q])) for q in (1, 2))
        both = logits_of(
            model, tokens=tokens.expand(2, -1, -1), layer=torch.tensor([1, 2]),
            text=torch.randn(1, 5, generator=torch.Generator().manual_seed(5)).expand(2, -1),
            affect=JOY.expand(2, -1),
        )  # fmt: skip
    assert not torch.allclose(one, two)
    assert both.shape == (2, 10, 8) and not torch.allclose(both[0], both[1])


def test_the_mask_is_a_token_of_its_own() -> None:
    model = shaken(MaskedTransformer(TOKENS))
    assert model.mask_token == 8 and model.tokens.num_embeddings == 9
    tokens = torch.zeros(1, 10, dtype=torch.long)
    masked = tokens.clone()
    masked[0, 4] = model.mask_token
    with torch.no_grad():
        first, second = (model(t, torch.ones(1, 5), JOY[None]) for t in (tokens, masked))
    assert first.shape == (1, 10, 8), "the mask itself can never be predicted"
    assert not torch.allclose(first[0, 0], second[0, 0]), "attention sees both ways"


def test_order_and_distance_tell_equal_tokens_apart() -> None:
    model = shaken(MaskedTransformer(TOKENS))
    logits = []
    with torch.no_grad():
        for places in ([3, 5], [5, 3], [3, 12]):  # where a 1 and a 2 stand among zeros
            tokens = torch.zeros(1, 20, dtype=torch.long)
            tokens[0, places[0]], tokens[0, places[1]] = 1, 2
            logits.append(model(tokens, torch.ones(1, 5), JOY[None])[0, 9])
    assert not torch.allclose(logits[0], logits[1]) and not torch.allclose(logits[0], logits[2])


def test_attention_depends_on_distances_alone() -> None:
    turns = rotary_turns(30, 8)
    q, k = torch.randn(2, 8)
    product = torch.stack(
        [rotate(q[None], turns[:, m : m + 1])[0] @ rotate(k.expand(30, -1), turns).T for m in range(30)]
    )
    for distance in (-20, -3, 0, 1, 7):
        diagonal = product.diagonal(distance)
        torch.testing.assert_close(diagonal, diagonal[:1].expand_as(diagonal), atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(product[0, 0], q @ k)
    assert not torch.allclose(product[0, 3], product[3, 0])


def test_the_longest_window_has_positions_behind_every_prefix() -> None:
    for kind in (MaskedTransformer, ResidualTransformer):
        model = shaken(kind(TOKENS))
        with torch.no_grad():
            longest = logits_of(model, tokens=torch.randint(8, (1, 3, TOKENS.max_tokens)))
        assert longest.shape == (1, TOKENS.max_tokens, 8)


# --- the published sizes ---


def test_the_full_recipe_has_the_published_sizes() -> None:
    full = recipe_named("full")
    rvq = full.rvq_model
    assert (rvq.codes, rvq.code_width, rvq.width, rvq.layers, rvq.features) == (512, 512, 512, 6, 272)
    for config in (full.masked_model, full.residual_model):
        assert (config.width, config.heads, config.layers, config.hidden) == (384, 6, 8, 1024)
        assert (config.codes, config.quantisers, config.text_width) == (512, 6, 384)
    model = Rvq(RVQ)
    assert [block.dilated.dilation[0] for block in model.decoder.blocks] == [9, 3, 1, 9, 3, 1]
    dilations = [m.dilated.dilation[0] for m in model.encoder.stages if isinstance(m, ResidualBlock)]
    assert dilations == [9, 3, 1, 9, 3, 1]


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_the_models_of_a_recipe_fit_each_other(recipe) -> None:
    for config in (recipe.masked_model, recipe.residual_model):
        assert (config.codes, config.quantisers) == (recipe.rvq_model.codes, recipe.rvq_model.layers)
        assert config.width % config.heads == 0
    assert recipe.name in RECIPES


def test_the_cpu_generator_has_about_fifteen_million_weights() -> None:
    cpu = recipe_named("cpu")
    models = (Rvq(cpu.rvq_model), MaskedTransformer(cpu.masked_model), ResidualTransformer(cpu.residual_model))
    millions = sum(p.numel() for m in models for p in m.parameters()) / 1e6
    assert 10 < millions < 20  # two bytes each: well below 60 MB with the text encoder
