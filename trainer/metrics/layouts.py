"""Tables of an evaluation, in our layout and in the papers', as Markdown and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from typing import Any

from trainer.metrics.published import PUBLISHED, Published
from trainer.metrics.rows import Row

Column = tuple[str, Callable[[Row], str]]
DASH = "-"
NOTES = {
    "FD(rand-v1)": "FD(rand-v1) measures low-level statistics, not semantics; "
    "not comparable with published FID.",
}


def markdown(rows: Sequence[Row], record: dict[str, Any], differences: list[dict[str, Any]]) -> str:
    """The table with everything that a reader needs to judge it, control rows first."""
    kind = record["extractor"]["kind"]
    lines = [_table(_own_columns(kind, rows), rows), ""]
    inputs = record["inputs"]
    lines.append(
        f"{kind} by {record['extractor']['id']} (sha256 {record['extractor']['sha256'][:12]}), "
        f"N = {inputs['photos']['used']} photos, {inputs['cartoons']['target']} cartoons, "
        f"{inputs['photos']['size']} px, drawn at {inputs['draw_size']} px; seed {record['seed']}, "
        f"{record['resamples']} draws, 95 % intervals. Compare values of one run only."
    )
    lines += [NOTES[kind]] if kind in NOTES else []
    lines += [f"Warning: {text}." for text in record["warnings"]]
    lines += [f"{row.model}: {flag}." for row in rows for flag in row.flags]
    if differences:
        lines += ["", f"Differences of {kind} style:", ""]
        lines += [
            f"- {d['model']} - {d['minus']}: {d['value']:+.1f} ({d['lo']:+.1f} .. {d['hi']:+.1f})"
            for d in differences
        ]
    return "\n".join(lines) + "\n"


def paper_layout(name: str, rows: Sequence[Row], kind: str) -> str:
    """Our rows in the columns of a paper's table, and the paper's own numbers apart from them."""
    published = PUBLISHED[name]
    columns: list[Column] = [("Model", lambda row: row.model)]
    columns.append((f"{kind} to cartoon", lambda row: _number(row.fd_style["value"])))
    if published.has_content:
        columns.append((f"{kind} to content", lambda row: _distance(row.fd_content)))
    own = [row for row in rows if row.model != "reference"]
    parts = [f"Layout of {published.title}, our numbers:", "", _table(columns, own), ""]
    parts += [f"The paper's numbers ({published.note}), not comparable with ours:", ""]
    return "\n".join([*parts, _published(published)]) + "\n"


def comma_separated(rows: Sequence[Row], kind: str) -> str:
    """Every number of every row, full precision, one line per model."""
    lines = [_flat(row, kind) for row in rows]
    keys = list(dict.fromkeys(key for line in lines for key in line))
    out = io.StringIO()
    writer = csv.DictWriter(out, keys, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return out.getvalue()


def _own_columns(kind: str, rows: Sequence[Row]) -> list[Column]:
    content = next((row.content[0]["kind"] for row in rows if row.content), "content")
    return [
        ("model", lambda row: row.model),
        ("N", lambda row: str(row.n)),
        (f"{kind} style", lambda row: _distance(row.fd_style)),
        (f"{kind} content", lambda row: _distance(row.fd_content)),
        ("KID x100", _kernel_distance),
        (content, lambda row: _content(row, content)),
        ("edge F1", lambda row: _content(row, "edge F1")),
        ("C", lambda row: f"{row.stats['C']:.2f}" + (" blurred" if _is_blurred(row) else "")),
        ("palette", lambda row: _number(row.stats["palette"])),
        ("params", lambda row: DASH if row.params is None else f"{row.params:,}"),
        ("GMAC@256", lambda row: DASH if row.gmac_256 is None else f"{row.gmac_256:.3f}"),
    ]


def _kernel_distance(row: Row) -> str:
    """Without a deviation where every subset was the whole."""
    deviation = row.kid100["std"]
    return f"{row.kid100['value']:.2f}" + (f" ± {deviation:.2f}" if deviation else "")


def _is_blurred(row: Row) -> bool:
    return bool(row.content) and bool(row.stats["is_blurred"])


def _table(columns: Sequence[Column], rows: Sequence[Row]) -> str:
    head = "| " + " | ".join(title for title, _ in columns) + " |"
    rule = "|---|" + "---:|" * (len(columns) - 1)
    body = ["| " + " | ".join(cell(row) for _, cell in columns) + " |" for row in rows]
    return "\n".join([head, rule, *body])


def _published(published: Published) -> str:
    head = "| " + " | ".join(published.columns) + " |"
    body = ["| " + " | ".join(row) + " |" for row in published.rows]
    return "\n".join([head, "|---|" + "---:|" * (len(published.columns) - 1), *body])


def _distance(distance: dict[str, Any] | None) -> str:
    if distance is None:
        return DASH
    return f"{distance['value']:.1f} ({distance['lo']:.1f} .. {distance['hi']:.1f})"


def _content(row: Row, kind: str) -> str:
    return next((f"{part['value']:.3f}" for part in row.content if part["kind"] == kind), DASH)


def _number(value: float) -> str:
    return f"{value:.2f}"


def _flat(row: Row, kind: str) -> dict[str, Any]:
    line: dict[str, Any] = {"model": row.model, "n": row.n, "sha256": row.sha256}
    line |= {f"{kind} style {key}": row.fd_style.get(key) for key in ("value", "lo", "hi")}
    line[f"{kind} style at_infinity (extrapolated)"] = row.fd_style["at_infinity"]
    if row.fd_content is not None:
        line |= {f"{kind} content {key}": row.fd_content[key] for key in ("value", "lo", "hi")}
    line |= {"KID*100": row.kid100["value"], "KID*100 std": row.kid100["std"]}
    line |= {part["kind"]: part["value"] for part in row.content}
    if row.artfd is not None:
        line[row.artfd["name"]] = row.artfd["value"]
    line |= {name: value for name, value in row.stats.items() if name != "ratio"}
    line |= {"params": row.params, "gmac_256": row.gmac_256, "flags": "; ".join(row.flags)}
    return line
