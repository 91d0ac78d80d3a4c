"use strict";
// The situation room's charts, keys and live events. Figures come ready from the console; nothing is worked out here.
(() => {
  const body = document.body;
  const query = new URLSearchParams({ tema: body.dataset.tema, depto: body.dataset.depto });
  const charts = {};
  const shorts = {};
  let drawn = null;

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
  const stateColour = (state) => ({ sube: colour("sube"), baja: colour("baja"), igual: colour("igual") })[state] || colour("gris");

  function chart(id) {
    charts[id] = charts[id] || echarts.init(document.getElementById(id), null, { renderer: "canvas" });
    return charts[id];
  }
  const tooltip = (formatter) => ({ renderMode: "richText", formatter });
  const still = { animation: false };

  // The map is walked with the arrows while it has the focus; what stands under the cursor is told in words.
  const mapBox = document.getElementById("mapa");
  let placesShown = [];
  let cursor = -1;
  function point(by) {
    if (!placesShown.length) return;
    cursor = cursor < 0 ? (by > 0 ? 0 : placesShown.length - 1) : (cursor + by + placesShown.length) % placesShown.length;
    const map = chart("mapa");
    map.dispatchAction({ type: "downplay", seriesIndex: 0 });
    map.dispatchAction({ type: "highlight", seriesIndex: 0, name: placesShown[cursor].name });
    document.getElementById("mapa-dicho").textContent = placesShown[cursor].text;
  }
  function enter(code) {
    if (!body.dataset.depto) { location.assign("/sala?" + new URLSearchParams({ tema: body.dataset.tema, depto: code })); return; }
    const tile = document.querySelector('.ficha[data-codigo="' + code + '"] > *');
    if (tile) { tile.focus(); tile.scrollIntoView({ block: "nearest" }); }
  }

  function drawMap(places) {
    placesShown = places.filter((place) => place.name in shorts);
    const data = placesShown.map((place) => ({
      name: place.name, value: 0, told: place.text,
      label: { show: true, formatter: place.sign + " " + (shorts[place.name] || place.title), color: colour("tinta"), fontSize: 10 },
      itemStyle: { areaColor: colour("panel"), borderColor: stateColour(place.state), borderWidth: place.state === "sube" || place.state === "baja" ? 5 : 2,
        borderType: place.state === "gris" ? "dashed" : "solid" },
    }));
    chart("mapa").setOption({ ...still, tooltip: tooltip((of) => of.data ? of.data.told : ""),
      series: [{ type: "map", map: "esquema", aspectScale: 1.4, left: 4, right: 4, top: 4, bottom: 4, data, select: { disabled: true }, emphasis: { itemStyle: { areaColor: colour("linea") }, label: { color: colour("tinta") } } }] }, true);
  }
  function drawHours(hours) {
    const shown = hours.cells.filter((cell) => cell[2] !== null);
    const most = Math.max(1, ...shown.map((cell) => cell[2]));
    const range = hours.grey ? [colour("panel"), colour("gris")] : [colour("panel"), colour("baja")];
    chart("horas").setOption({ ...still, grid: { left: 80, right: 10, top: 5, bottom: 40 },
      tooltip: tooltip((of) => hours.days[of.value[1]] + ", " + of.value[0] + " h: " + of.value[2]),
      xAxis: { type: "category", data: [...Array(24).keys()], axisLabel: { color: colour("tenue") } },
      yAxis: { type: "category", data: hours.days, inverse: true, axisLabel: { color: colour("tenue") } },
      visualMap: { show: false, min: 0, max: most, inRange: { color: range } },
      graphic: { type: "text", left: 80, bottom: 0, style: { text: (hours.told ? hours.told + ". " : "") + hours.hidden + " celdas ocultas, en blanco", fill: colour("tenue"), fontSize: 11 } },
      series: [{ type: "heatmap", data: shown }] }, true);
  }
  function drawTrend(trend) {
    const line = (name, data, more) => ({ name, type: "line", data, showSymbol: true, symbolSize: 4, connectNulls: false, ...more });
    const series = [line("conocido hoy", trend.whole, { color: colour("baja") }), line("provisional o GRIS", trend.partial, { color: colour("gris"), lineStyle: { type: "dotted" } })];
    if (trend.before) series.push(line("como se conocía el " + trend.before_day, trend.before, { color: colour("sube"), lineStyle: { type: "dashed" }, symbol: "triangle" }));
    chart("tendencia").setOption({ ...still, grid: { left: 50, right: 10, top: 30, bottom: 25 }, legend: { top: 0, textStyle: { color: colour("tinta"), fontSize: 11 } },
      tooltip: { trigger: "axis", renderMode: "richText" },
      xAxis: { type: "category", data: trend.labels, axisLabel: { color: colour("tenue") } }, yAxis: { type: "value", min: 0, axisLabel: { color: colour("tenue") } }, series }, true);
  }
  function draw() {
    if (!drawn) return;
    if (drawn.map) drawMap(drawn.map);
    if (drawn.hours) drawHours(drawn.hours);
    if (drawn.trend) drawTrend(drawn.trend);
    body.dataset.dibujado = String(Number(body.dataset.dibujado || 0) + 1);
  }
  async function load() {
    const answer = await fetch("/sala/datos?" + query);
    if (answer.status === 401) { location.assign("/entrar?fin"); return; }
    if (!answer.ok) return;
    drawn = await answer.json();
    draw();
  }

  // Live: figures that changed, a session that ended, a console that is not heard any more.
  const lost = document.getElementById("sin-consola");
  body.addEventListener("htmx:sseMessage", (event) => {
    lost.hidden = true;
    if (event.detail.type === "cifras") { htmx.trigger(body, "cifras"); load(); }
    if (event.detail.type === "fin") location.assign("/entrar?fin");
  });
  body.addEventListener("htmx:sseError", () => {
    if (!lost.hidden) return;
    lost.querySelector("span").textContent = new Date().toLocaleTimeString("es-GT");
    lost.hidden = false;
  });

  function mode() {
    const night = document.documentElement.dataset.modo !== "noche";
    document.documentElement.dataset.modo = night ? "noche" : "dia";
    document.cookie = "ronda_modo=" + (night ? "noche" : "dia") + "; path=/; max-age=31536000; samesite=strict";
    draw();
  }
  function wall() {
    if (!body.classList.contains("pared") && document.documentElement.requestFullscreen) document.documentElement.requestFullscreen().catch(() => {});
    else if (document.fullscreenElement) document.exitFullscreen().catch(() => {});
  }
  document.getElementById("modo").addEventListener("click", mode);
  document.getElementById("imprimir").addEventListener("click", () => window.print());
  document.getElementById("pared").addEventListener("click", wall);
  document.getElementById("tema").addEventListener("change", (event) => event.target.form.submit());

  const tiles = () => [...document.querySelectorAll(".ficha > *")];
  function step(by) {
    const all = tiles();
    const at = all.indexOf(document.activeElement);
    all[(at < 0 ? (by > 0 ? 0 : all.length - 1) : (at + by + all.length) % all.length)].focus();
  }
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
    const onMap = { ArrowRight: () => point(1), ArrowDown: () => point(1), ArrowLeft: () => point(-1), ArrowUp: () => point(-1), Enter: () => { if (cursor >= 0) enter(placesShown[cursor].name); } };
    if (event.target === mapBox && onMap[event.key]) { event.preventDefault(); onMap[event.key](); return; }
    const acts = {
      m: () => mapBox.focus(),
      n: mode, i: () => window.print(), p: () => document.getElementById("pared").click(), t: () => document.getElementById("tema").focus(),
      ArrowRight: () => step(1), ArrowLeft: () => step(-1),
      Escape: () => { const back = document.querySelector(".volver"); if (back) back.click(); },
    };
    if (acts[event.key]) { event.preventDefault(); acts[event.key](); }
  });
  // Paper shows what is told of the figures, which the screen folds away.
  window.addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((each) => { each.open = true; }));
  window.addEventListener("resize", () => Object.values(charts).forEach((each) => each.resize()));

  fetch("/sala/esquema?" + query).then((answer) => answer.json()).then((scheme) => {
    echarts.registerMap("esquema", scheme);
    for (const feature of scheme.features) shorts[feature.properties.name] = feature.properties.short;
    chart("mapa").on("click", (of) => { if (of.data) enter(of.name); });
    return load();
  });
})();
