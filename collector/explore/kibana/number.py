"""One number as Vega: a rate over the whole time range, or a ratio, which Kibana has no panel for.

The range is known by its ends: they stand in the question as metadata and come back with the answer.
"""

from collector.datasets import Dataset
from collector.explore.dashboard import Panel
from collector.explore.kibana.metrics import CLASSIC
from collector.explore.kibana.objects import Json, Target
from collector.explore.kibana.vega import TEXT, spec, whole
from collector.explore.kibana.words import Words
from collector.explore.units import EXACT, PERCENT, SECONDS, SYMBOLS
from collector.query.measures import Measure, measure

ANSWER = "datum.aggregations.all"
PREFIXES = "kMGTPE"
ROUNDED = 1.0006
"""By how much numbers are larger when it is looked which prefix they get: 999.5 is shown as 1.0 k."""


def needed(target: Target, panel: Panel) -> bool:
    """Whether the front end has no panel of its own for this number: Lens has rates, and no dialect has ratios."""
    rate = measure(panel.measures[0]).per_second and not target.lens
    return panel.kind == "metric" and bool(panel.ratios or rate)


def number(panel: Panel, dataset: Dataset, words: Words) -> Json:
    """The first ratio of a panel, or its first measure where it has none."""
    ratio = panel.ratios[0] if panel.ratios else None
    parts = [measure(one) for one in ((ratio.of, ratio.to) if ratio else panel.measures[:1])]
    unit = words.unit(ratio.title if ratio else panel.measures[0], panel)
    steps = {"v": "/".join(_expression(name, one) for name, one in zip("ab", parts, strict=False)), **_text(unit)}
    rows = [
        {"type": "filter", "expr": "datum.aggregations"},
        *({"type": "formula", "expr": expr, "as": name} for name, expr in steps.items()),
    ]
    asked = {name: one for name, part in zip("ab", parts, strict=False) for one in _aggregation(part)}
    return spec(
        data=[{"name": "answer", "url": whole(panel, dataset, _whole(asked)), "transform": rows}],
        marks=[_mark()],
    )


def _whole(asked: Json) -> Json:
    """What is asked of all rows."""
    bounds = {"begin": "min", "end": "max"}
    meta = {end: {"%timefilter%": bound} for end, bound in bounds.items()}
    return {"meta": meta, **({"aggs": asked} if asked else {})}


def _aggregation(one: Measure) -> list[Json]:
    """None for a count, which is in each answer."""
    if one.field is None:
        return []
    percents = {"percents": [one.percent]} if one.kind == "percentile" else {}
    return [{CLASSIC[one.kind]: {"field": one.field, **percents}}]


def _expression(name: str, one: Measure) -> str:
    """The value of a measure in an answer."""
    value = f"{ANSWER}.{name}.value"
    if one.field is None:
        value = f"{ANSWER}.doc_count"
    elif one.kind == "percentile":
        value = f"{ANSWER}.{name}.values['{one.percent}.0']"
    seconds = f"(({ANSWER}.meta.end-{ANSWER}.meta.begin)/1000)"
    return f"({value}*{one.factor}{'/' + seconds if one.per_second else ''})"


def _text(unit: str) -> dict[str, str]:
    """Steps from the value to the text that it is shown as, by name: `units.text` in Vega's words."""
    digits = "format(datum.x,datum.x==0||datum.x>=99.95?'.0f':datum.x<0.95?'.2r':'.1f')"
    if unit == EXACT:
        return {"x": "datum.v", "text": "format(datum.x,',.0f')"}
    if unit == PERCENT or unit in SECONDS:
        times, sign = (100.0, "%") if unit == PERCENT else (SECONDS[unit], "s")
        return {"x": f"datum.v*{times:g}", "digits": digits, "text": f"datum.digits+' {sign}'"}
    power = f"clamp(floor(log(datum.v*{ROUNDED})/log(1000)),0,{len(PREFIXES)})"
    prefix = f"datum.p?substring('{PREFIXES}',datum.p-1,datum.p):''"
    symbol = SYMBOLS.get(unit, "")
    blank = "' '" if symbol[:1] not in ("", "/") else "(datum.p?' ':'')"
    return {
        "p": power,
        "x": "datum.v/pow(1000,datum.p)",
        "digits": f"!datum.p&&datum.x==floor(datum.x)?''+datum.x:{digits}",
        "prefix": prefix,
        "text": f"datum.digits+{blank}+datum.prefix+'{symbol}'",
    }


def _mark() -> Json:
    """The text in the middle; nothing where it is no number, as a ratio to zero."""
    return {
        "type": "text",
        "name": "number",
        "from": {"data": "answer"},
        "encode": {
            "update": {
                "x": {"signal": "width/2"},
                "y": {"signal": "height/2"},
                "align": {"value": "center"},
                "baseline": {"value": "middle"},
                "fontSize": {"signal": "clamp(min(height/2,width/8),12,48)"},
                "fontWeight": {"value": "bold"},
                "fill": {"value": TEXT},
                "text": {"signal": "isFinite(datum.v)?datum.text:'–'"},
                "tooltip": {"signal": "isFinite(datum.v)?format(datum.v,',.2f'):null"},
            }
        },
    }
