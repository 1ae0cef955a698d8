"use strict";
// Tells the values of a chart at the pointer, or at the arrow keys, and hides what is clicked away in its legend.
// The charts themselves are drawn: without this script nothing but that is missing.
for (const plot of document.querySelectorAll(".plot")) {
  for (const button of plot.querySelectorAll("button[data-series]")) {
    button.addEventListener("click", () => {
      const shown = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(shown));
      for (const shape of plot.querySelectorAll("path[data-series]")) {
        if (shape.dataset.series === button.dataset.series) shape.classList.toggle("off", !shown);
      }
    });
  }

  const data = plot.querySelector("script");
  if (!data) continue;
  const { at, heads, values } = JSON.parse(data.textContent);
  const drawing = plot.querySelector(".drawing"), told = plot.querySelector(".told"), line = plot.querySelector(".pointer");
  const hidden = (series) => series && plot.querySelector(`button[data-series="${series}"][aria-pressed="false"]`);
  let place = -1;

  const leave = () => { place = -1; told.classList.add("off"); line.classList.add("off"); };
  const show = (index) => {
    place = Math.min(at.length - 1, Math.max(0, index));
    told.replaceChildren();
    const head = told.appendChild(document.createElement("strong"));
    head.textContent = heads[place];
    for (const [name, colour, series, texts] of values) {
      if (!texts[place] || hidden(series)) continue;
      const row = told.appendChild(document.createElement("span"));
      row.appendChild(document.createElement("i")).className = colour;
      row.append(`${name}: ${texts[place]}`);
    }
    const share = at[place] / 1000;
    line.setAttribute("x1", `${100 * share}%`);
    line.setAttribute("x2", `${100 * share}%`);
    told.classList.remove("off");
    line.classList.remove("off");
    const frame = drawing.getBoundingClientRect(), box = plot.getBoundingClientRect();
    const x = frame.left - box.left + share * frame.width;
    told.style.left = `${Math.max(0, x + 14 + told.offsetWidth <= box.width ? x + 14 : x - 14 - told.offsetWidth)}px`;
    told.style.top = `${drawing.parentElement.offsetTop + 24}px`;
  };
  drawing.addEventListener("pointermove", (event) => {
    const frame = drawing.getBoundingClientRect();
    const x = 1000 * (event.clientX - frame.left) / frame.width;
    let nearest = 0;
    at.forEach((one, index) => { if (Math.abs(one - x) < Math.abs(at[nearest] - x)) nearest = index; });
    if (at.length) show(nearest);
  });
  drawing.addEventListener("pointerleave", leave);
  drawing.addEventListener("blur", leave);
  drawing.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.key === "Escape") leave();
    if (!by || !at.length) return;
    event.preventDefault();
    show(place + by);
  });
}
