"""Figures of the facial mapper: errors of the shipped landmark network and its times are measured here; what takes
longer (the picture network, the ablation, coverage) is read from docs/results, whose files name their commands.
"""

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from sdk.face.crop import crop_square, face_square
from sdk.face.rig import Camera, Identity, Rig
from sdk.runtime.face_mapper import ROLES, Calibration, FaceMapper
from tests.figures.emotion import RESULTS, read
from tests.figures.report import Report
from training.face.ablate import table
from training.face.evaluate import TEST_KINDS, by_bundle, content_sha256, evaluate
from training.face.train import ameca_sampler

MAPPER, ABLATION, DATA = (RESULTS / f"face_{name}.json" for name in ("mapper", "ablation", "data"))
NMAE, MOUTH, COVERAGE = 0.030, 0.040, 1.5
LANDMARKS_MS = 3.0
RUNS = 2000


def measure(report: Report) -> None:
    """Add the mapper's figures to a report."""
    mapper = FaceMapper.open()
    errors(report, mapper)
    ablation(report)
    pictures(report, mapper)
    speed(report, mapper)


def errors(report: Report, mapper: FaceMapper) -> None:
    """How well controls are recovered on held-out people, clips and combinations."""
    found = evaluate(by_bundle(mapper), ameca_sampler(mapper.range_set))
    mixed = found["mixed"]
    unit = f"of the range {mapper.range_set}"
    name = "landmarks to controls: nMAE, mixed motion, held-out people, clips, combinations"
    report.at_most(name, mixed["nmae"], NMAE, unit)
    report.at_most("the same, mouth", mixed["nmae_mouth"], MOUTH, unit)
    least, worst = mixed["least_gain"], mixed["worst_control"]
    ratio = f"error by that of the neutral guess, least gain: {least['name']}"
    report.at_most(f"each control better than the neutral face as a guess; {ratio}", least["neutral_ratio"], 0.999, "")
    report.show("worst control", f"{worst['name']} {worst['nmae']:.4f} {unit}")
    loop = mixed["closed_loop"]
    report.show(
        "closed loop, controls to landmarks of the rig",
        f"skin {loop['skin']:.4f} of the eyes' distance (neutral guess {loop['skin_neutral_guess']:.4f}), "
        f"with the head's pose {loop['landmarks']:.4f} ({loop['landmarks_neutral_guess']:.4f})",
    )
    report.show("values out of range before clipping", f"{mixed['out_of_range']:.2%}")
    report.show("jerk of the raw values, by that of what was shown", f"{mixed['jerk'] / mixed['jerk_shown']:.0f} times")
    regions = list(mixed["nmae_by_region"])
    lines = ["| motion | all | mouth | neutral guess | R2 | " + " | ".join(regions) + " |"]
    lines.append("| --- |" + " --: |" * (4 + len(regions)))
    for kind in TEST_KINDS:
        one = found[kind]
        cells = [one["nmae"], one["nmae_mouth"], one["nmae_neutral_guess"], one["r2"], *one["nmae_by_region"].values()]
        lines.append(f"| {kind} | " + " | ".join(f"{cell:.4f}" for cell in cells) + " |")
    report.table("Landmarks to controls, nMAE by region:\n\n" + "\n".join(lines))


def ablation(report: Report) -> None:
    """The seed's two problems, from the results file."""
    found = read(ABLATION)
    name = "convex-only training on independent motion, by mixed training: error"
    report.at_least(name, found.get("coverage", float("nan")), COVERAGE, "times")
    if found:
        report.show("the same, mouth", f"{found['coverage_mouth']:.2f} times")
        name = "features as they are, by features minus the person's own neutral: error"
        report.show(name, f"{found['absolute']:.2f} times")
        report.table(f"Ablation, {found['steps']} steps each, mouth in brackets:\n\n" + table(found))
    sets = read(DATA).get("sets", {})
    if sets:
        seen = ", ".join(f"{kind} {one['mean']:.0%}" for kind, one in sets.items())
        report.show("share of the controls' ranges that training faces cover", seen)


def pictures(report: Report, mapper: FaceMapper) -> None:
    """The picture network, from the results file, if that is about what ships."""
    found = read(MAPPER)
    same = found.get("content_sha256") == content_sha256(mapper.bundle)
    report.holds("the results file is about the shipped mapper", "yes" if same else "no", "yes", same)
    one = found.get("pictures", {}).get("mixed")
    if one:
        least = f"least gain {one['least_gain']['name']} {one['least_gain']['neutral_ratio']:.2f}"
        value = f"{one['nmae']:.4f}, mouth {one['nmae_mouth']:.4f}, {least}"
        report.show("picture to controls: nMAE, rendered people never seen", value)
    for kind, behind in found.get("found", {}).items():
        guess = f"(neutral guess {behind['nmae_neutral_guess']:.4f})"
        value = f"{behind['nmae']:.4f} {guess}, mouth {behind['nmae_mouth']:.4f}"
        report.show(f"rendered picture to face finder to controls, {kind} motion: nMAE, people never seen", value)
    sizes = {role: len(mapper.bundle.graph(role)) / 1e6 for role in ROLES}
    report.at_most("size of the landmark network", sizes[ROLES[0]], 1.0, "MB")
    report.at_most("size of both networks", sum(sizes.values()), 1.6, "MB")
    report.at_most("parity of ONNX with torch, worst output", max(mapper.bundle.manifest.parity.values()), 1e-4, "")


def speed(report: Report, mapper: FaceMapper) -> None:
    """Times of one face, one thread."""
    camera, who = Camera.frontal(512.0), Identity.mean()
    rig = Rig(mapper.schema)
    points = camera.project(rig.points(mapper.schema.neutral, who))
    calibration = Calibration(1)
    calibration.add(mapper.features(points))
    p50, p99 = quantiles_ms(lambda: mapper.map(points, calibration), RUNS)
    report.at_most(f"landmarks to controls, p99 (p50 {p50:.2f} ms)", p99, LANDMARKS_MS, "ms")
    picture = rig.render(mapper.schema.neutral, who, camera, 512)
    square = face_square(points)
    seen = Calibration(1)
    seen.add(mapper.embedding(crop_square(picture, square, mapper.picture_size)))

    def by_picture() -> None:
        mapper.map_image(crop_square(picture, square, mapper.picture_size), seen)

    p50, p99 = quantiles_ms(by_picture, RUNS // 4)
    report.show("picture of a found face to controls, p50 and p99", f"{p50:.2f} and {p99:.2f} ms")


def quantiles_ms(run: Callable[[], Any], runs: int) -> tuple[float, float]:
    """Median and 99th percentile after ten runs that are not counted."""
    times = []
    for _ in range(runs + 10):
        began = time.perf_counter()
        run()
        times.append(1000 * (time.perf_counter() - began))
    p50, p99 = np.quantile(times[10:], (0.5, 0.99))
    return float(p50), float(p99)
