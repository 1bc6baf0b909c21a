"""The schema of the face: its laws, its own robot, and files that are wrong."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
import yaml

from robot_bridge.schema import FILE, ameca
from sdk.errors import InvalidInput, MalformedFile
from sdk.face.controls import ControlSchema, parse_schema


@pytest.fixture
def schema() -> ControlSchema:
    return ameca()


def test_ameca_has_the_thirty_published_controls_in_alphabetical_order(schema: ControlSchema) -> None:
    assert len(schema) == 30 and list(schema.names) == sorted(schema.names)
    assert schema.range_sets == ("x2c", "tight")
    assert schema.sha256 == hashlib.sha256(FILE.read_bytes()).hexdigest()
    assert (schema.names[0], schema.names[13], schema.names[29]) == ("Brow Inner Left", "Jaw Pitch", "Nose Wrinkle")


def test_every_number_has_a_source(schema: ControlSchema) -> None:
    for control in schema:
        assert set(control.sources) == {"range x2c", "range tight", "neutral", "mirror", "namespace", "motion"}


def test_the_tight_range_lies_in_the_published_one(schema: ControlSchema) -> None:
    (low, high), (tight_low, tight_high) = schema.bounds("x2c"), schema.bounds("tight")
    assert (low <= tight_low).all() and (tight_high <= high).all()


def test_deviations_and_values_are_inverse(schema: ControlSchema) -> None:
    low, high = schema.bounds("x2c")
    values = np.random.default_rng(0).uniform(low, high, (5, 4, 30))
    for range_set in schema.range_sets:
        np.testing.assert_allclose(schema.values(schema.deviations(values, range_set), range_set), values, atol=1e-12)
    assert not schema.deviations(schema.neutral, "x2c").any()
    edge = schema.deviations(high, "x2c") - schema.deviations(low, "x2c")
    np.testing.assert_allclose(edge, 1)


def test_a_mirror_twice_is_none_and_keeps_neutral(schema: ControlSchema) -> None:
    low, high = schema.bounds("x2c")
    values = np.random.default_rng(1).uniform(low, high, (7, 30))
    np.testing.assert_allclose(schema.mirrored(schema.mirrored(values)), values, atol=1e-12)
    np.testing.assert_allclose(schema.mirrored(schema.neutral), schema.neutral)


def test_a_mirror_swaps_sides_and_turns_angles(schema: ControlSchema) -> None:
    values = schema.neutral.copy()
    values[schema.index("Lip Corner Raise Left")] += 0.2
    values[schema.index("Head Yaw")] = 11
    mirrored = schema.mirrored(values) - schema.neutral
    assert mirrored[schema.index("Lip Corner Raise Right")] == pytest.approx(0.2)
    assert mirrored[schema.index("Lip Corner Raise Left")] == 0
    assert mirrored[schema.index("Head Yaw")] == -11


def test_unknown_names_are_answered_with_the_known_ones(schema: ControlSchema) -> None:
    with pytest.raises(InvalidInput, match="control 'Jaw' is unknown; known: Brow Inner Left"):
        schema.index("Jaw")
    with pytest.raises(InvalidInput, match="range set 'wide' is unknown; known: x2c, tight"):
        schema.bounds("wide")
    with pytest.raises(InvalidInput, match="region 'ear' is unknown; known: brow"):
        schema.indices("ear")


def test_a_calibration_changes_the_neutral_and_keeps_the_hash(schema: ControlSchema, tmp_path: Path) -> None:
    path = tmp_path / "robot7.yaml"
    path.write_text("neutral: {Brow Inner Left: 0.6, Head Pitch: -2}\n")
    own = schema.calibrated(path)
    assert own.neutral[0] == 0.6 and own.neutral[10] == -2 and own.sha256 == schema.sha256
    np.testing.assert_array_equal(np.delete(own.neutral, [0, 10]), np.delete(schema.neutral, [0, 10]))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("neutral: {Brow: 0.5}", "control 'Brow' is unknown; known: Brow Inner Left"),
        ("neutral: {Jaw Pitch: .nan}", "'Jaw Pitch' is nan; it must be a finite number"),
        ("neutral: {Jaw Pitch: 'x'}", "'Jaw Pitch' is 'x'; it must be a finite number"),
        ("neutral: {Jaw Pitch: 0.2}", r"is 0.2; it must lie in \[0.5, 1\]"),
        ("neutral: [1, 2]", "'neutral' must be a mapping"),
        ("- 1", "must be a YAML mapping"),
        ("neutral: {", "not readable as YAML"),
        ("\x00", "not readable as YAML"),
    ],
)
def test_an_unreadable_calibration_is_one_clear_line(
    schema: ControlSchema, tmp_path: Path, text: str, message: str
) -> None:
    path = tmp_path / "robot7.yaml"
    path.write_text(text)
    with pytest.raises(MalformedFile, match=message) as error:
        schema.calibrated(path)
    assert "\n" not in str(error.value) and "robot7.yaml" in str(error.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c.update(version=2), "version is 2; this program reads version 1"),
        (lambda c: c.update(controls=[]), "controls must be a list"),
        (lambda c: c["controls"][3].update(region="ear"), r"controls\[3\] \(Brow Outer Right\): region is 'ear'"),
        (lambda c: c["controls"][3].update(unit="mm"), "unit is 'mm'; known: ratio"),
        (lambda c: c["controls"][3]["ranges"]["x2c"].update(min=1), r"range x2c is \[1, 1\]; min must be below max"),
        (lambda c: c["controls"][3]["ranges"].pop("x2c"), "must have the range sets tight, x2c"),
        (lambda c: c["controls"][3]["neutral"].update(value=2), "neutral of 'Brow Outer Right' lies outside a range"),
        (lambda c: c["controls"][3]["neutral"].update(source="hearsay"), "neutral: source is 'hearsay'; known: ven"),
        (lambda c: c["controls"][3]["mirror"].update(control="Jaw Yaw"), "must name each other"),
        (lambda c: c["controls"][3].update(name="Jaw Yaw"), "a control is listed twice"),
        (lambda c: c["motion"]["lip"].update(jerk=0), "slew, acceleration and jerk of lip must be above 0"),
        (lambda c: c["motion"].pop("lip"), "'lip' must be a mapping"),
    ],
)  # fmt: skip
def test_a_wrong_schema_names_the_entry(change: object, message: str) -> None:
    content = yaml.safe_load(FILE.read_bytes())
    change(content)  # type: ignore[operator]
    with pytest.raises(MalformedFile, match=message):
        parse_schema(yaml.safe_dump(content).encode(), "controls.yaml")
