"use strict";
// Draws the charts from the JSON in the page, in the colours of the style sheet, and again when the scheme changes.
(() => {
  const data = JSON.parse(document.getElementById("report-data").textContent);
  const OUTCOMES = [["failed", "--bad"], ["rejected", "--warn"], ["unknown", "--s4"]];
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const series = (index) => colour(`--s${index % 8}`);
  const phaseColour = (phase, index) => colour(`--${phase}`) || series(index + 2);
  // Plotly reads a few HTML tags in its texts; names from the network are shown as they are.
  const plain = (text) => String(text).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
  const short = (text, most) => plain(text.length > most ? `${text.slice(0, most - 1)}…` : text);
  // Rows are placed by number: names that are cut short may look alike, and still are rows of their own.
  const named = (rows) => ({
    tickmode: "array", tickvals: rows.map((_, index) => index),
    ticktext: rows.map((row) => short(row.label, 48).replace(/ · | (?=\()/, narrow() ? "<br>" : "$&")),
    range: [-0.6, rows.length - 0.4],
  });
  const total = (one) => one.succeeded.reduce((sum, count) => sum + count, 0);
  const narrow = () => document.documentElement.clientWidth < 640;

  const layout = (extra) => ({
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: getComputedStyle(document.body).fontFamily, size: 12.5, color: colour("--muted") },
    margin: { l: 54, r: 12, t: 8, b: 40 },
    hovermode: "x unified",
    hoverlabel: { bgcolor: colour("--surface"), bordercolor: colour("--line"), font: { color: colour("--ink") } },
    legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", font: { size: 12 }, traceorder: "normal" },
    ...extra,
  });
  const axis = (title, extra) => ({
    title: { text: title, font: { size: 12 } },
    gridcolor: colour("--line"), zerolinecolor: colour("--line"), linecolor: colour("--line"),
    automargin: true, fixedrange: true, ...extra,
  });
  const band = (from, to, variable, opacity) => ({
    type: "rect", xref: "x", yref: "paper", x0: from, x1: to, y0: 0, y1: 1,
    fillcolor: colour(variable), opacity, line: { width: 0 }, layer: "below",
  });
  const draw = (element, traces, chartLayout) =>
    Plotly.react(element, traces, layout(chartLayout), { displayModeBar: false, responsive: true });
  const range = (values) => {
    const low = Math.min(...values), high = Math.max(...values), room = 0.05 * (high - low || 1);
    return [low - room, high + room];
  };

  const intervals = (element) => {
    const rows = [...data.intervals].reverse();
    const lows = rows.map((row) => row.low), highs = rows.map((row) => row.high);
    const wide = data.intervals_log;
    draw(element, [{
      mode: "markers", x: rows.map((row) => row.estimate), y: rows.map((_, index) => index),
      marker: { size: 10, color: colour("--hedera") },
      error_x: {
        type: "data", symmetric: false, color: colour("--hedera"), thickness: 2.5, width: 7,
        array: rows.map((row) => row.high - row.estimate), arrayminus: rows.map((row) => row.estimate - row.low),
      },
      customdata: rows.map((row) => [row.low, row.high]),
      hovertemplate: "%{x:.2f} ms (%{customdata[0]:.2f} to %{customdata[1]:.2f})<extra></extra>",
    }], {
      hovermode: "closest", showlegend: false,
      xaxis: axis("milliseconds that Hedera adds", wide ? { type: "log", dtick: 1 }
        : { zeroline: true, zerolinewidth: 2, zerolinecolor: colour("--muted"), range: range([0, ...lows, ...highs]) }),
      yaxis: axis("", { showgrid: false, zeroline: false, ...named(rows) }),
    });
  };

  const curves = (element) => {
    const entry = data.curves[element.dataset.index];
    const line = (name, arm, variable) => ({
      name, x: entry[arm].map((p) => p[0]), y: entry[arm].map((p) => 100 * p[1]),
      mode: "lines", line: { color: colour(variable), width: 2.5 }, hovertemplate: "%{x:.1f} ms: %{y:.0f} %<extra></extra>",
    });
    const all = [...entry.baseline, ...entry.hedera].map((p) => p[0]);
    const wide = Math.max(...all) > 30 * Math.max(0.001, Math.min(...all));
    draw(element, [line("without", "baseline", "--baseline"), line("with Hedera", "hedera", "--hedera")], {
      hovermode: "closest",
      xaxis: axis("milliseconds", { type: wide ? "log" : "linear", rangemode: wide ? "normal" : "tozero", dtick: wide ? 1 : undefined }),
      yaxis: axis("", { range: [0, 102], ticksuffix: " %" }),
    });
  };

  const difference = (element) => {
    const points = data.curves[element.dataset.index].difference;
    const mean = data.difference[element.dataset.index];
    const shapes = mean.ci95 ? [band(mean.ci95[0], mean.ci95[1], "--hedera", 0.22)] : [];
    shapes.push({ type: "line", xref: "x", yref: "paper", x0: 0, x1: 0, y0: 0, y1: 1, line: { color: colour("--muted"), width: 1.5, dash: "dot" } });
    draw(element, [{
      x: points.map((p) => p[0]), y: points.map((p) => 100 * p[1]), mode: "lines",
      line: { color: colour("--hedera"), width: 2.5 }, hovertemplate: "%{y:.0f} % of pairs: at most %{x:.1f} ms<extra></extra>",
    }], {
      hovermode: "closest", showlegend: false, shapes,
      xaxis: axis("milliseconds longer with Hedera", { range: range([0, ...points.map((p) => p[0])]), zeroline: false }),
      yaxis: axis("", { range: [0, 102], ticksuffix: " %" }),
    });
  };

  const phases = (element) => {
    const rows = [...data.phases.rows].reverse();
    const places = rows.map((_, index) => index);
    const bars = Object.entries(data.phases.names).map(([phase, name], index) => ({
      type: "bar", orientation: "h", name: plain(name), y: places, x: rows.map((row) => row.stack[phase]),
      marker: { color: phaseColour(phase, index) }, hovertemplate: `${plain(name)}: %{x:.2f} ms<extra></extra>`,
    }));
    const reached = rows.map((row, index) => [index, row.consensus]).filter(([, at]) => at !== null);
    if (reached.length) {
      bars.push({
        name: "Consensus reached", mode: "markers", y: reached.map(([place]) => place), x: reached.map(([, at]) => at),
        marker: { symbol: "diamond", size: 10, color: colour("--ink"), line: { color: colour("--bg"), width: 1.5 } },
        hovertemplate: "Consensus after %{x:.1f} ms<extra></extra>",
      });
    }
    draw(element, bars, {
      barmode: "stack", bargap: 0.38, hovermode: "closest",
      xaxis: axis("milliseconds, mean", { rangemode: "tozero" }), yaxis: axis("", { showgrid: false, zeroline: false, ...named(rows) }),
    });
  };

  // More lines than colours are a tangle: the busiest are drawn, the others wait in the legend.
  const busiest = new Set([...data.timeline].sort((a, b) => total(b) - total(a)).slice(0, 6).map((one) => one.label));
  const crowded = data.timeline.length > 8;
  const shade = (one) => series(crowded && busiest.has(one.label) ? [...busiest].indexOf(one.label) : data.timeline.indexOf(one));
  const hidden = (one) => (crowded && !busiest.has(one.label) ? "legendonly" : true);

  const step = data.resolution_s;
  const last = Math.max(0, ...data.timeline.flatMap((one) => one.t));
  const slots = Array.from({ length: last / step + 1 }, (_, i) => i * step);

  const throughput = () => {
    const traces = data.timeline.map((one) => {
      const done = new Map(one.t.map((t, i) => [t, one.succeeded[i]]));  // a slot without a point had no operation
      return {
        name: plain(one.label), legendgroup: one.label, visible: hidden(one), x: slots, y: slots.map((t) => (done.get(t) ?? 0) / step), mode: "lines",
        line: { color: shade(one), width: 2 }, hovertemplate: "%{y:.1f}/s", yaxis: "y",
      };
    });
    for (const [outcome, variable] of OUTCOMES) {
      const perTime = new Map();
      for (const one of data.timeline) one.t.forEach((t, i) => perTime.set(t, (perTime.get(t) ?? 0) + one[outcome][i]));
      const points = [...perTime].filter(([, n]) => n > 0).sort((a, b) => a[0] - b[0]);
      if (points.length) {
        traces.push({
          type: "bar", name: outcome, x: points.map((p) => p[0]), y: points.map((p) => p[1] / step), width: 0.8 * step,
          marker: { color: colour(variable) }, opacity: 0.75, hovertemplate: "%{y:.1f}/s", yaxis: "y",
        });
      }
    }
    return traces;
  };

  // A line where nothing was measured would be made up: it stops there, and what stands alone is a dot.
  const latency = () => data.timeline.flatMap((one) => [["p50_ms", "solid", 2, ""], ["p95_ms", "dot", 1.5, ", p95"]].map(
    ([key, dash, width, suffix]) => {
      const seen = new Map(one.t.map((t, i) => [t, one[key][i]]));
      const values = slots.map((t) => seen.get(t) ?? null);
      const alone = (i) => values[i] !== null && (values[i - 1] ?? null) === null && (values[i + 1] ?? null) === null;
      return {
        name: plain(one.label) + suffix, legendgroup: one.label, showlegend: false, visible: hidden(one), x: slots, y: values, yaxis: "y2",
        mode: "lines+markers", connectgaps: false, line: { color: shade(one), width, dash }, hovertemplate: "%{y:.1f} ms",
        marker: { color: shade(one), size: values.map((_, i) => (alone(i) ? (suffix ? 3 : 5) : 0)), line: { width: 0 } },
      };
    }));

  const depth = () => data.queue.length ? [{
    name: "queue", showlegend: false, x: data.queue.map((p) => p[0]), y: data.queue.map((p) => p[1]), yaxis: "y3",
    mode: "lines", line: { color: colour("--s6"), width: 2, shape: "hv" }, fill: "tozeroy", hovertemplate: "%{y} waiting",
  }] : [];

  // Faults and breakers as lanes below, so that a stretch of the curves can be traced to its cause.
  const lanes = () => {
    const lane = (name, span, variable, what) => ({
      type: "bar", orientation: "h", yaxis: "y4", showlegend: false, base: [span.from], x: [Math.max(span.to - span.from, 0.15)], y: [name],
      width: 0.62, marker: { color: colour(variable) }, hovertemplate: `${what}<extra></extra>`,
    });
    const wide = narrow() ? 14 : 26;
    return [
      ...data.faults.map((fault) => lane(short(fault.name, wide), fault, "--fault", `fault: ${plain(fault.name)}`)),
      ...data.breakers.flatMap((breaker) => breaker.spans.map((span) =>
        lane(short(`breaker ${breaker.name}`, wide), span, span.state === "open" ? "--bad" : "--fault", `${plain(breaker.name)}: ${plain(span.state)}`))),
    ];
  };

  const timeline = (element) => {
    const low = lanes();
    const height = element.clientHeight;
    const laneCount = new Set(low.map((trace) => trace.y[0])).size;
    const lanePart = laneCount ? (20 + 24 * laneCount) / height : 0;
    const queuePart = data.queue.length ? 130 / height : 0;
    const gap = 46 / height;
    const rest = 1 - lanePart - queuePart - (laneCount ? gap : 0) - (queuePart ? gap : 0);
    const laneTop = lanePart, queueBottom = lanePart + (laneCount ? gap : 0), queueTop = queueBottom + queuePart;
    const latencyBottom = queueTop + (queuePart ? gap : 0), latencyTop = latencyBottom + 0.48 * rest;
    const lowest = laneCount ? "y4" : queuePart ? "y3" : "y2";
    const shapes = [
      ...(data.duration_s - data.load_s >= 0.5 ? [band(data.load_s, data.duration_s, "--muted", 0.1)] : []),
      ...data.faults.map((fault) => band(fault.from, fault.to, "--fault", 0.14)),
      ...data.breakers.flatMap((breaker) => breaker.spans.filter((span) => span.state === "open").map((span) => band(span.from, span.to, "--bad", 0.1))),
    ];
    draw(element, [...throughput(), ...latency(), ...depth(), ...low], {
      barmode: "stack", shapes, hovermode: "x", margin: { l: 58, r: 12, t: 8, b: 44 },
      xaxis: axis("seconds since the start", { showgrid: false, range: [0, Math.max(1, data.duration_s)], anchor: lowest }),
      yaxis: axis("per second", { rangemode: "tozero", domain: [Math.min(0.98, latencyTop + gap / 2), 1] }),
      yaxis2: axis("milliseconds", { type: "log", dtick: 1, domain: [latencyBottom, latencyTop] }),
      ...(queuePart ? { yaxis3: axis("waiting", { rangemode: "tozero", domain: [queueBottom, queueTop] }) } : {}),
      ...(laneCount ? { yaxis4: axis("", { showgrid: false, domain: [0, laneTop], type: "category", autorange: "reversed", tickfont: { size: 11 } }) } : {}),
    });
  };

  const cpu = (element) => {
    const traces = data.resources.map((one, index) => ({
      name: plain(one.label), x: one.samples.map((s) => s[0]), y: one.samples.map((s) => s[1]), mode: "lines",
      line: { color: series(index), width: 2 }, hovertemplate: "%{y:.0f} %",
    }));
    draw(element, traces, {
      showlegend: traces.length > 1, xaxis: axis("seconds since the start", { showgrid: false, range: [0, Math.max(1, data.duration_s)] }),
      yaxis: axis("percent", { rangemode: "tozero" }),
    });
  };

  const memory = (element) => {
    const traces = data.usage.map((one, index) => ({
      name: plain(one.label), x: one.t, y: one.memory_mb, mode: "lines",
      line: { color: series(index), width: 2 }, hovertemplate: "%{y:.1f} MB",
    }));
    draw(element, traces, {
      showlegend: true, xaxis: axis("seconds since the start", { showgrid: false, range: [0, Math.max(1, data.duration_s)] }),
      yaxis: axis("MB", { rangemode: "tozero" }),
    });
  };

  const charts = { intervals, curves, difference, phases, timeline, cpu, memory };
  const drawAll = () => {
    document.querySelectorAll("[data-chart]").forEach((element) => charts[element.dataset.chart](element));
    const names = Object.keys(data.phases.names);
    document.querySelectorAll("[data-phase]").forEach((swatch) => {
      const index = Number(swatch.dataset.phase);
      swatch.style.background = phaseColour(names[index], index);
    });
  };
  drawAll();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
  addEventListener("beforeprint", drawAll);
  addEventListener("afterprint", drawAll);
})();
