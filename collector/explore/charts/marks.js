
// Charts by the keyboard: arrows go from mark to mark, Enter tells which one is meant as a click does, and H hides what
// the legend names, or shows it again. This stands in one module with charts.js.
const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
const chosen = new WeakMap();

const measured = (rows) => rows.map(([label, value, unit]) => `${label} ${text(value, unit)}`).join(", ");

// Bars, slices, nodes, links, countries and points; what is beyond the top cannot be asked for.
const pieces = (list, seriesIndex, dataType) =>
  (list ?? []).flatMap((data, dataIndex) => {
    if (!data.pairs?.length) return [];
    const told = `${data.text}: ${measured(data.rows)}`;
    const place = { seriesIndex, dataIndex, dataType };
    return [{ told, meant: { data: { pairs: data.pairs } }, place, key: data.name }];
  });

const curve = (key, seriesIndex) =>
  String(key).startsWith("[") ? [{ told: name(key), meant: { seriesName: key }, place: { seriesIndex }, key }] : [];

const legend = (chart) => chart.getOption().legend?.find((one) => one.show);

const hidden = (chart, mark) => legend(chart)?.selected?.[mark.key] === false;

const marks = (chart) =>
  (chart?.getOption()?.series ?? []).flatMap((one, index) =>
    one.type === "line" ? curve(one.name, index) : [...pieces(one.data, index), ...pieces(one.links, index, "edge")],
  );

const same = (one) => (other) => JSON.stringify(one?.meant) === JSON.stringify(other.meant);

const dull = (chart) => {
  chart.getDom().nextElementSibling.textContent = "";
  if (chosen.has(chart)) chart.dispatchAction({ type: "downplay", ...chosen.get(chart).place });
};

const choose = (chart, mark) => {
  dull(chart);
  chosen.set(chart, mark);
  chart.getDom().nextElementSibling.textContent = hidden(chart, mark) ? `${mark.told} (hidden)` : mark.told;
  chart.dispatchAction({ type: "highlight", ...mark.place });
};

// Where a key leads to; an answer may have come since, with other marks.
const next = (key, place, count) => {
  if (key === "Home") return 0;
  if (key === "End") return count - 1;
  return place < 0 ? 0 : (place + STEPS[key] + count) % count;
};

Object.assign(globalThis.flowCharts, {
  pressed: (event, emit) => {
    const chart = echarts.getInstanceByDom(event.currentTarget);
    const all = marks(chart);
    const place = all.findIndex(same(chosen.get(chart)));
    const enters = event.key === "Enter" || event.key === " ";
    if (!all.length || event.ctrlKey || event.altKey || event.metaKey) return;
    if (enters && place >= 0) emit(all[place].meant);
    else if (event.key.toLowerCase() === "h" && place >= 0 && legend(chart)) {
      chart.dispatchAction({ type: "legendToggleSelect", name: all[place].key });
      choose(chart, all[place]);
    } else if (enters || event.key in STEPS || event.key === "Home" || event.key === "End")
      choose(chart, all[next(enters ? "Home" : event.key, place, all.length)]);
    else return;
    event.preventDefault();
  },
  reached: (event) => {
    const chart = echarts.getInstanceByDom(event.currentTarget);
    const all = event.currentTarget.matches(":focus-visible") ? marks(chart) : [];
    if (all.length) choose(chart, all.find(same(chosen.get(chart))) ?? all[0]);
  },
  left: (event) => {
    const chart = echarts.getInstanceByDom(event.currentTarget);
    if (chart) dull(chart);
  },
});
