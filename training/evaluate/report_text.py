"""The tables of report.md. Every figure stands beside its split, its count and, where there is one, the real one."""

from collections.abc import Sequence
from typing import Any

from sdk.motion.cues import CUE_NAMES, UNITS
from training.evaluate.measure_labels import EMOTIONS
from training.evaluate.report_verdicts import Figures, known

SPLITS = {
    "all": "all pairs", "seen": "seen pairs", "real": "... of them with recorded clips",
    "made": "... of them with synthetic clips only", "unseen": "unseen pairs",
}  # fmt: skip
METRICS = ("r_precision_1", "r_precision_2", "r_precision_3", "mm_dist", "diversity")
PHYSICS_UNITS = {
    "foot_skate": "share of frames", "penetration_m": "m", "jerk": "m/s3", "jitter": "m/s3, 95th percentile",
    "energy": "m/s", "stillness": "share of frames",
}  # fmt: skip
MARK = {True: "yes", False: "**no**", None: "-"}


def markdown(report: Figures, pictures: Sequence[str]) -> str:
    """The whole report."""
    first = next(iter(report["plans"]))
    parts = [_head(report), _verdicts(report, first), _overview(report)]
    for plan, found in report["plans"].items():
        parts += [f"## Plan {plan}", _accuracy(found, report["real"]), _retention(found, report["real"])]
        parts.append(_directions(found))
        if "intensity" in found:
            parts += [_intensity(found), _mixtures(found), _plane(found, report["real"])]
        parts += [_quality(found, report), _body(found, report["real"]), _energy(found)]
        if "repeats" in found:
            parts.append(_variety(found, report["real"]))
    if pictures:
        parts.append("## Pictures\n\n" + "\n\n".join(f"![{name}]({name})" for name in pictures))
    return "\n\n".join(parts) + "\n"


def table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A Markdown table."""
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows])


def number(value: float | None, form: str = ".3f") -> str:
    """A figure, or a dash where it was not measured."""
    return format(value, form) if known(value) else "-"


def estimate(found: Figures | None, form: str = ".3f") -> str:
    """A figure with its 95 % interval."""
    if not found or not known(found.get("value")):
        return "-"
    ends = f" [{number(found['low'], form)}, {number(found['high'], form)}]" if "low" in found else ""
    return number(found["value"], form) + ends


def _head(report: Figures) -> str:
    bundle, protocol, pairs = report["bundle"], report["protocol"], report["protocol"]["pairs"]
    hashes = {"Bundle": bundle, "judges": report["judges"], "data": report["data"], "protocol": protocol}
    lines = [
        f"# Evaluation of {bundle['name']} {bundle['version']}",
        ", ".join(f"{name} `{part['sha256'][:16]}`" for name, part in hashes.items())
        + f"; size {protocol['size']}, {report['data']['clips']} clips in the data.",
        f"{protocol['contents']} prompts x {len(EMOTIONS)} emotions: {pairs['real']} pairs of content and emotion with "
        f"a recorded training clip, {pairs['made']} with synthetic ones only, {pairs['unseen']} unseen. Emotion is "
        "judged on the final motion: decoded, feet locked, moved onto another body. Intervals are 95 %; those of "
        "accuracies and of physics come from a bootstrap over prompts, those of the published metrics from 20 "
        "replications.",
    ]
    if protocol["size"] != "full":
        lines.append(f"**Size {protocol['size']}: too few clips to conclude anything; it shows that the parts work.**")
    if protocol["leaks"]:
        lines.append(
            f"Held out by name, yet shown by a training clip or its mirrored twin, so counted as seen: "
            f"{', '.join(protocol['leaks'])}."
        )
    return "\n\n".join(lines)


def _verdicts(report: Figures, plan: str) -> str:
    rows = [[v["goal"], v["measured"], v["wanted"], MARK[v["reached"]]] for v in report["verdicts"][plan]]
    return f"## Goals, plan {plan}\n\n" + table(["goal", "measured", "wanted", "reached"], rows)


def _overview(report: Figures) -> str:
    rows = []
    for plan, found in report["plans"].items():
        splits, quality, ms = found["emotion"]["splits"], found["quality"], found.get("ms", {})
        shown = [splits["seen"], splits["unseen"], quality["fid"], quality["r_precision_3"], quality["diversity"]]
        figures = [number(x["value"]) for x in (*shown, found["body"]["foot_skate"])]
        rows.append([plan, *figures, number(ms.get("p50"), ".0f"), number(ms.get("p95"), ".0f")])
    head = ["plan", "accuracy, seen", "unseen", "FID", "R3", "Diversity", "foot skating", "ms p50", "ms p95"]
    seconds = next(iter(report["plans"].values())).get("ms", {}).get("seconds")
    return f"## Plans\n\nTimes are of one clip of {number(seconds, 'g')} s on this machine.\n\n" + table(head, rows)


def _accuracy(found: Figures, real: Figures) -> str:
    emotion = found["emotion"]
    rows = [
        [name, estimate(x), x["n"], x["prompts"]]
        for name, x in ((shown, emotion["splits"][split]) for split, shown in SPLITS.items())
    ]
    rows += [["chance", number(emotion["chance"]), "", ""], ["judge's ceiling, real clips", estimate(real["ceiling"]),
             real["ceiling"].get("n", ""), ""]]  # fmt: skip
    recall = [
        [e.label, estimate(emotion["recall"][e.label]), estimate(emotion["recall_unseen"].get(e.label)),
         estimate(real["ceiling_recall"].get(e.label))]
        for e in EMOTIONS
    ]  # fmt: skip
    content = found["content"]
    hits = ", ".join(f"top {k} {estimate(content[f'r_precision_{k}'])}" for k in (1, 2, 3))
    labels = [e.label for e in EMOTIONS]
    counts = [[label, *(f"{c:g}" for c in row)] for label, row in zip(labels, emotion["confusion"], strict=True)]
    return "\n\n".join([
        "### Emotion accuracy", table(["split", "accuracy", "clips", "prompts"], rows),
        table(["emotion", "recall, all pairs", "recall, unseen pairs", "recall of the judge, real clips"], recall),
        "Asked (rows) and judged (columns):\n\n" + table(["", *labels], counts),
        f"R-precision of these clips with words for action and emotion, batches of {content['batch']} pairs: {hits}.",
    ])  # fmt: skip


def _directions(found: Figures) -> str:
    rows = [
        [
            emotion,
            f"{cue} {'up' if x['sign'] > 0 else 'down'}",
            number(x["share"], ".2f"),
            number(x["p"], ".1g"),
            x["n"],
        ]
        for emotion, cues in found["directions"].items()
        for cue, x in cues.items()
    ]
    head = ["emotion", "cue", "share of pairs that go this way", "p of a sign test", "pairs"]
    note = "Each clip against the neutral one of the same prompt and seed; where recorded emotions go."
    return "### Directions of the cues\n\n" + note + "\n\n" + table(head, rows)


def _retention(found: Figures, real: Figures) -> str:
    rows = [
        [stage, estimate(x), f"{x['drop_points']:+.1f}", number(real["held_out_stages"].get(stage))]
        for stage, x in found["retention"].items()
    ]
    head = ["stage", "accuracy, all pairs", "points lost", "held-out real clips, classes alike"]
    return "### What finishing leaves of it\n\n" + table(head, rows)


def _intensity(found: Figures) -> str:
    names = ("probability", *CUE_NAMES)
    rows = []
    for emotion, x in found["intensity"].items():
        cells = [f"{x[n]['rho']:+.2f} ({x[n]['rho_per_prompt']:+.2f})" for n in names]
        rows.append([emotion, *cells, len(x["monotone_cues"]), x["n"]])
    head = ["emotion", "probability", *CUE_NAMES, "cues with 0.9 or more", "clips"]
    means = [
        [emotion, name if name == "probability" else f"{name}, {UNITS[name]}", *(number(v) for v in x[name]["means"])]
        for emotion, x in found["intensity"].items() for name in names
    ]  # fmt: skip
    levels = [f"at {level:g}" for level in next(iter(found["intensity"].values()))["levels"]]
    note = "Spearman's rho of the level means with the intensity asked for; in brackets its mean within the prompts."
    return "\n\n".join(
        ["### Intensity", note, table(head, rows), "Means:\n\n" + table(["emotion", "measure", *levels], means)]
    )


def _mixtures(found: Figures) -> str:
    rows = []
    for name, x in found["mixtures"].items():
        first, second = (", ".join(number(v, ".2f") for v in x[end]) for end in ("first", "second"))
        cues = ", ".join(f"{cue} {rho:+.2f}" for cue, rho in x["rho_cues"].items()) or "none"
        rows.append([name, first, second, f"{x['rho']:+.2f}", number(x["between"], ".2f"), cues, x["n"]])
    head = ["mixture", "judge: the first", "the second", "rho", "cues between the ends", "rho of cues", "clips"]
    shares = ", ".join(f"{s:g}" for s in next(iter(found["mixtures"].values()))["shares"])
    note = f"Shares of the second emotion: {shares}. Only cues whose ends differ clearly count."
    return "### Mixtures\n\n" + note + "\n\n" + table(head, rows)


def _plane(found: Figures, real: Figures) -> str:
    rows = []
    for name, x in (("generated", found["valence_arousal"]), ("held-out real", real["valence_arousal"])):
        for axis in ("valence", "arousal"):
            y = x[axis]
            rows.append([name, axis, number(y["mean_absolute_error"]), number(y["error_of_the_mean"]),
                         number(y["correlation"], ".2f"), x["n"]])  # fmt: skip
    head = ["clips", "axis", "mean absolute error", "error of always saying the mean", "correlation", "n"]
    return "### Valence and arousal, asked and judged\n\n" + table(head, rows)


def _quality(found: Figures, report: Figures) -> str:
    real, made = report["real"], found["quality"]
    columns = [("generated", made), ("real, held out", real["quality"]), ("real, training", real["training"])]
    if "reconstruction" in report:
        columns.append(("RVQ of the held out", report["reconstruction"]))
    rows = [["FID to the held out", *(number(x["fid"]["value"]) for _, x in columns)]]
    rows += [[name, *(estimate(x.get(name)) for _, x in columns)] for name in METRICS]
    rows.append(["clips", *(x["fid"]["n"] for _, x in columns)])
    note = f"Batches of {made['batch']} different pairs of content and style. FID of so few clips ranks little: see "
    note += "that of real training clips."
    text = "### Published metrics, on this SDK's own evaluator\n\n" + note + "\n\n"
    return text + table(["metric", *(name for name, _ in columns)], rows)


def _body(found: Figures, real: Figures) -> str:
    rows = []
    for name, unit in PHYSICS_UNITS.items():
        mine, theirs = found["body"][name], real["body"][name]["value"]
        ratio = mine["value"] / theirs if theirs else float("nan")
        rows.append([f"{name}, {unit}", estimate(mine), number(found["body"][f"{name}_decoded"]["value"]),
                     number(theirs), number(ratio, ".2f")])  # fmt: skip
    head = ["figure", "generated, feet locked", "as decoded", "held-out real", "ratio"]
    return "### Physics, asked for as the held-out clips\n\n" + table(head, rows)


def _energy(found: Figures) -> str:
    return "### Motion energy of neutral clips over real ones\n\n" + table(
        ["content", "ratio"], [[name, number(v, ".2f")] for name, v in found["energy"].items()]
    )


def _variety(found: Figures, real: Figures) -> str:
    near, repeats = found["memorisation"], found["repeats"]
    rows = [
        ["MultiModality", estimate(repeats["multimodality"]), estimate(real["multimodality"])],
        ["joint distance of two seeds, cm", number(repeats["spread_cm"], ".1f"), "-"],
        ["nearest training clip, median, cm", number(near["median_cm"], ".1f"), number(near["real_median_cm"], ".1f")],
        [f"share nearer than {near['close_cm']:.1f} cm", number(near["copies"], ".2f"), "0.05"],
    ]
    return "### Variety and memorisation\n\n" + table(["figure", "generated", "real"], rows)
