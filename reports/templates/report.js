"use strict";
// Draws the charts from the JSON in the page, in the colours of the style sheet, and again when the scheme changes.
(() => {
  const data = JSON.parse(document.getElementById("report-data").textContent);
  const OUTCOMES = [["failed", "--bad"], ["rejected", "--warn"], ["unknown", "--s4"]];
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const series = (index) => colour(`--s${index % 8}`);

  const layout = (extra) => ({
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: getComputedStyle(document.body).fontFamily, size: 12.5, color: colour("--muted") },
    margin: { l: 54, r: 12, t: 8, b: 40 },
    hovermode: "x unified",
    hoverlabel: { bgcolor: colour("--surface"), bordercolor: colour("--line"), font: { color: colour("--ink") } },
    legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", font: { size: 12 } },
    ...extra,
  });
  const axis = (title, extra) => ({
    title: { text: title, font: { size: 12 } },
    gridcolor: colour("--line"), zerolinecolor: colour("--line"), linecolor: colour("--line"),
    automargin: true, fixedrange: true, ...extra,
  });
  const seconds = () => axis("seconds since the start", { showgrid: false, range: [0, Math.max(1, data.duration_s)] });
  const circuits = () => data.open_circuits.map((span) => ({
    type: "rect", xref: "x", yref: "paper", x0: span.from, x1: span.to, y0: 0, y1: 1,
    fillcolor: colour("--bad"), opacity: 0.12, line: { width: 0 }, layer: "below",
  }));
  const draw = (element, traces, chartLayout) =>
    Plotly.react(element, traces, layout(chartLayout), { displayModeBar: false, responsive: true });

  const charts = {
    curves(element) {
      const entry = data.overhead.find((one) => one.operation === element.dataset.operation);
      if (!entry) return;
      const line = (name, arm, variable) => ({
        name, x: entry.curves[arm].map((p) => p[0]), y: entry.curves[arm].map((p) => 100 * p[1]),
        mode: "lines", line: { color: colour(variable), width: 2.5 }, hovertemplate: "%{x:.1f} ms: %{y:.0f} %<extra></extra>",
      });
      const all = [...entry.curves.baseline, ...entry.curves.hedera].map((p) => p[0]);
      const wide = Math.max(...all) > 30 * Math.max(0.001, Math.min(...all));
      draw(element, [line("without", "baseline", "--baseline"), line("with Hedera", "hedera", "--hedera")], {
        hovermode: "closest",
        xaxis: axis("milliseconds", { type: wide ? "log" : "linear", rangemode: wide ? "normal" : "tozero", dtick: wide ? 1 : undefined }),
        yaxis: axis("", { range: [0, 102], ticksuffix: " %" }),
      });
    },
    phases(element) {
      const rows = [...data.phases].reverse();
      const labels = rows.map((row) => row.label);
      const bars = Object.entries(data.phase_names).map(([phase, name]) => ({
        type: "bar", orientation: "h", name, y: labels, x: rows.map((row) => row.stack[phase]),
        marker: { color: colour(`--${phase}`) }, hovertemplate: `${name}: %{x:.2f} ms<extra></extra>`,
      })).filter((trace) => trace.x.some((value) => value > 0));
      const reached = rows.filter((row) => row.consensus !== null);
      if (reached.length) {
        bars.push({
          name: "Consensus reached", mode: "markers", y: reached.map((row) => row.label), x: reached.map((row) => row.consensus),
          marker: { symbol: "diamond", size: 10, color: colour("--ink"), line: { color: colour("--bg"), width: 1.5 } },
          hovertemplate: "Consensus after %{x:.1f} ms<extra></extra>",
        });
      }
      draw(element, bars, {
        barmode: "stack", bargap: 0.38, hovermode: "closest",
        xaxis: axis("milliseconds, mean", { rangemode: "tozero" }), yaxis: axis("", { showgrid: false }),
      });
    },
    throughput(element) {
      const step = data.resolution_s;
      const last = Math.max(0, ...data.timeline.flatMap((one) => one.t));
      const slots = Array.from({ length: last / step + 1 }, (_, i) => i * step);
      const traces = data.timeline.map((one, index) => {
        const done = new Map(one.t.map((t, i) => [t, one.succeeded[i]]));  // a slot without a point had no operation
        return {
          name: one.label, x: slots, y: slots.map((t) => (done.get(t) ?? 0) / step), mode: "lines",
          line: { color: series(index), width: 2 }, hovertemplate: "%{y:.1f}/s",
        };
      });
      for (const [outcome, variable] of OUTCOMES) {
        const perTime = new Map();
        for (const one of data.timeline) one.t.forEach((t, i) => perTime.set(t, (perTime.get(t) ?? 0) + one[outcome][i]));
        const points = [...perTime].filter(([, n]) => n > 0).sort((a, b) => a[0] - b[0]);
        if (points.length) {
          traces.push({
            type: "bar", name: outcome, x: points.map((p) => p[0]), y: points.map((p) => p[1] / data.resolution_s),
            marker: { color: colour(variable) }, opacity: 0.75, hovertemplate: "%{y:.1f}/s",
          });
        }
      }
      draw(element, traces, { barmode: "stack", shapes: circuits(), xaxis: seconds(), yaxis: axis("per second", { rangemode: "tozero" }) });
    },
    latency(element) {
      const traces = data.timeline.flatMap((one, index) => {
        const line = (key, dash, width, shown) => ({
          name: shown ? one.label : `${one.label}, p95`, legendgroup: one.label, showlegend: shown, x: one.t, y: one[key],
          mode: "lines", connectgaps: true, line: { color: series(index), width, dash }, hovertemplate: "%{y:.1f} ms",
        });
        return [line("p50_ms", "solid", 2, true), line("p95_ms", "dot", 1.5, false)];
      });
      draw(element, traces, { shapes: circuits(), xaxis: seconds(), yaxis: axis("milliseconds", { type: "log", dtick: 1 }) });
    },
    cpu(element) {
      const traces = data.resources.map((one, index) => ({
        name: one.label, x: one.samples.map((s) => s[0]), y: one.samples.map((s) => s[1]), mode: "lines",
        line: { color: series(index), width: 2 }, hovertemplate: "%{y:.0f} %",
      }));
      draw(element, traces, { showlegend: traces.length > 1, xaxis: seconds(), yaxis: axis("percent", { rangemode: "tozero" }) });
    },
  };

  const drawAll = () => document.querySelectorAll("[data-chart]").forEach((element) => charts[element.dataset.chart](element));
  drawAll();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
  addEventListener("beforeprint", drawAll);
  addEventListener("afterprint", drawAll);
})();
