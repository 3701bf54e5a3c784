"""Writes the tables of figures into README and docs: python docs/make_figures.py.

A table stands between `<!-- figures: NAME -->` and `<!-- end -->`; every number in it comes from
a record in benchmarks/results/.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
PAGES = (ROOT / "README.md", *(ROOT / "docs" / f"{page}.md" for page in ("performance", "styles")))
PLACE = re.compile(r"(<!-- figures: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
PEERS = {"whitebox": "White-box Cartoonization", "animegan2": "AnimeGANv2"}
TIERS = ("nano", "small", "base", "large")
FEWER_BITS = {"int8": "INT8", "bf16": "bfloat16"}
Rows = list[tuple[str, ...]]


def record(name: str) -> dict[str, Any]:
    """Return a record: `environment` and `figures`."""
    found: dict[str, Any] = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
    return found


def speed() -> str:
    """The few figures of the README."""
    network, convert = record("network")["figures"], record("convert")["figures"]
    startup = record("startup")["figures"]
    size = f"{network['width']}x{network['height']}"
    ratio = network["ratio_to_small"]
    peers = ", ".join(f"{PEERS[name]}'s {ratio[name]:.0f} times" for name in PEERS if name in ratio)
    rows: Rows = [("On two cores without a GPU", "")]
    for tier in _tiers(network):
        also = f"; its network alone beside others: {peers} as long" if tier == "small" else ""
        rate = f"{network[tier]['fps_median']:.0f} fps"
        for bits, title in FEWER_BITS.items():
            if fast := network.get(f"{tier} {bits}"):
                rate += f", {fast['fps_median']:.0f} in {title}"
        rows.append((f"`{tier}` at {size}", f"{rate}{also}"))
    cost = f"{convert['cpu_ratio']:.1f} times the CPU time of a plain decode and encode"
    rows.append(("`convert`, all defaults, a 720p pan", cost))
    first = f"{startup['first_frame_s']:.1f} s after the start"
    rows.append(("first cartoon frame, engine cached", first))
    return _table(rows)


def network() -> str:
    """Rates of the networks, beside those of the peers."""
    whole = record("network")
    figures, ratios = whole["figures"], whole["figures"]["ratio_to_small"]
    head = ("network", "ms, median", "ms, fastest", "frames a second", "times `small` alone")
    rows: Rows = [head]
    ours = [f"{tier}{bits}" for bits in ("", " int8", " bf16") for tier in TIERS]
    for name in (
        *(f"{one}{part}" for one in ours for part in ("", " alone")),
        *(f"{peer}{kind}" for kind in ("", " bf16", " eager") for peer in PEERS),
    ):
        if (found := figures.get(name)) is None:
            continue
        times = [found["ms_median"], found["ms_min"], found["fps_median"]]
        ratio = f"{ratios[name]:.1f}" if name in ratios else ""
        rows.append((_network_title(name), *(f"{value:.1f}" for value in times), ratio))
    threads = f"{figures['width']}x{figures['height']}, {figures['threads']} threads"
    note = "ours in a stream, with lines and packing, and alone, without; others alone"
    return _table(rows) + f"\n{threads}; {note}. {_source('network', whole)}\n"


def _network_title(name: str) -> str:
    base, *kinds = name.split()
    if base in PEERS:
        of_peers = {"eager": ", torch", "bf16": ", OpenVINO, bfloat16"}
        return PEERS[base] + of_peers.get("".join(kinds), ", OpenVINO")
    of_ours = FEWER_BITS | {"alone": "alone"}
    return ", ".join([f"`{base}`", *(of_ours[kind] for kind in kinds)])


def roofline() -> str:
    """How near the networks come to the processor's own limits."""
    whole = record("roofline")
    figures = whole["figures"]
    rows: Rows = [
        ("network", "multiply-adds", "moved", "bound by", "least, ms", "median, ms", "share")
    ]
    for tier in _tiers(figures):
        found = figures[tier]
        row = (
            f"`{tier}`",
            f"{found['giga_macs']:.2f} G",
            f"{found['megabytes']:.0f} MB",
            found["bound_by"],
            f"{found['least_ms']:.1f}",
            f"{found['ms_median']:.1f}",
            f"{100 * found['share']:.0f} %",
        )
        rows.append(row)
    peaks = f"Measured peaks: {figures['peak_gflops']:.0f} GFLOP/s, {figures['peak_gb_s']:.0f} GB/s"
    return _table(rows) + f"\n{peaks}. {_source('roofline', whole)}\n"


def convert() -> str:
    """What a conversion costs, stage by stage."""
    whole = record("convert")
    figures = whole["figures"]
    stage = figures["stage_ms"]
    rows: Rows = [("`convert`, all defaults", "")]
    rows.append(("CPU time of a plain decode and encode", f"{figures['plain']['cpu_s']:.1f} s"))
    rows.append(("CPU time of `convert`", f"{figures['convert']['cpu_s']:.1f} s"))
    rows.append(("beside each other", f"{figures['cpu_ratio']:.2f} times"))
    rows.append(("frames a second, end to end", f"{figures['fps']:.1f}"))
    for name in ("decode", "network", "temporal", "encode"):
        title = "anti-flicker" if name == "temporal" else name
        rows.append((f"{title}, ms a frame", f"{stage[name]:.1f}"))
    rows.append(("memory, most", f"{figures['peak_rss_mib']} MiB"))
    return _table(rows) + f"\n{figures['frames']} frames. {_source('convert', whole)}\n"


def films() -> str:
    """What length costs, and what workers bring."""
    whole = record("films")
    figures = whole["figures"]
    rows: Rows = [("drawn film", "memory, most", "seconds")]
    for name, title in (
        ("short", "one tenth of it"),
        ("long", "all of it"),
        ("two_jobs", "all of it, `--jobs 2`"),
    ):
        run = figures[name]
        title = f"{title}: {run['frames']} frames"
        rows.append((title, f"{run['peak_rss_mib']:.0f} MiB", f"{run['command_s']:.0f}"))
    size = "x".join(str(side) for side in figures["size"])
    said = f"{size}, {figures['rate']} frames a second, style `{figures['style']}`"
    pace = f"A frame takes {figures['wall_over_busiest_stage']:.2f} times its busiest stage"
    return _table(rows) + f"\n{said}. {pace}. {_source('films', whole)}\n"


def styles() -> str:
    """What every shipped network reaches, and the bounds of its tier."""
    whole = record("styles")
    figures = whole["figures"]
    keys = list(next(iter(figures["bounds"].values())))
    rows: Rows = [("", *(key.replace("_", " ") for key in keys))]
    for name, found in figures["styles"].items():
        cells = {key: f"{found[key]:.3g}" for key in keys}
        bold = {key: f"**{cells[key]}**" for key in figures["missed"][name]}
        style, tier = name.split()
        rows.append((f"`{style}` `{tier}`", *(cells | bold).values()))
    for title, name in (
        ("bounds, `small`", "shinkai small"),
        ("bounds, `nano`", "shinkai nano"),
        ("bounds, hard tones", "ink small"),
    ):
        rows.append((title, *figures["bounds"][name].values()))
    said = f"{figures['photos']} photos, {figures['warped']} of them for the last column."
    return _table(rows) + f"\n{said} {_source('styles', whole)}\n"


def cluster() -> str:
    """What a cluster costs beside one worker."""
    whole = record("cluster")
    figures = whole["figures"]
    rows: Rows = [
        ("drawn films", "one worker, s", "cluster, s", "beside each other", "times", "pixels")
    ]
    for name, title in (
        ("film", "{minutes:.0f} minutes in one film"),
        ("library", "{files} films"),
    ):
        found = figures[name]
        minutes = found["frames"] / figures["rate"] / 60
        kept = ["equal" if found[f"are_{what}_equal"] else "DIFFER" for what in ("times", "pixels")]
        row = (
            f"{title.format(minutes=minutes, files=found['files'])}, {found['frames']} frames",
            f"{found['serial_s']:.0f}",
            f"{found['cluster_s']:.0f}",
            f"{found['cluster_over_serial']:.2f} times",
            *kept,
        )
        rows.append(row)
    size = "x".join(str(side) for side in figures["size"])
    said = (
        f"{size}, style `{figures['style']}`, {figures['workers']} workers of one thread each,"
        f" FFV1; starting the cluster took {figures['start_s']:.0f} s more"
    )
    return _table(rows) + f"\n{said}. {_source('cluster', whole)}\n"


def startup() -> str:
    """How long one waits."""
    whole = record("startup")
    figures = whole["figures"]
    rows: Rows = [("from typing to", "seconds")]
    rows.append(("`livecartoon --help`", f"{figures['help_s']:.2f}"))
    rows.append(("the first cartoon frame, engine cached", f"{figures['first_frame_s']:.2f}"))
    rows.append(("the same, engine built first", f"{figures['cold_first_frame_s']:.2f}"))
    return _table(rows) + f"\n{_source('startup', whole)}\n"


def temporal() -> str:
    """The gates of the anti-flicker on drawn clips."""
    whole = record("temporal")
    rows: Rows = [("drawn clip", "running mean", "`blend`", "`flow`", "gates missed, mean")]
    for name, scores in whole["figures"]["cases"].items():
        left = [_left(scores.get(method)) for method in ("ema0.5", "blend", "flow")]
        rows.append((name, *left, str(len(scores.get("ema0.5", {}).get("missed", [])))))
    return _table(rows) + f"\n{_source('temporal', whole)}\n"


def _left(scores: dict[str, Any] | None) -> str:
    value = scores.get("r_e") if scores else None
    return "-" if value is None else f"{value:.2f}"


def _tiers(figures: dict[str, Any]) -> list[str]:
    return [tier for tier in TIERS if tier in figures]


def _source(name: str, whole: dict[str, Any]) -> str:
    found = whole["environment"]
    packages = found["packages"]
    versions = f"OpenVINO {packages['openvino']}, torch {packages['torch']}"
    return (
        f"`benchmarks/results/{name}.json`: {found['cpu']}, {found['cores']} cores, {versions},\n"
        f"commit {found['commit']}, {found['date'][:10]}, load {found['load'][0]:.1f}"
        " of other work included.\n"
    )


def _table(rows: Rows) -> str:
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]]) + "\n"


TABLES: dict[str, Callable[[], str]] = {
    "cluster": cluster,
    "convert": convert,
    "films": films,
    "network": network,
    "roofline": roofline,
    "speed": speed,
    "startup": startup,
    "styles": styles,
    "temporal": temporal,
}


def filled(text: str) -> str:
    """Return a page with its tables as the records have them today."""
    return PLACE.sub(lambda place: place[1] + TABLES[place[2]]() + place[3], text)


if __name__ == "__main__":
    for page in PAGES:
        page.write_text(filled(page.read_text(encoding="utf-8")), encoding="utf-8")
