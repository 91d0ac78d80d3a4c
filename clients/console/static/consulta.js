/* The desk works without this: its keys, the browser's print, and the reader put at the answer. */
"use strict";
const keys = { i: document.getElementById("expediente") || document.getElementById("imprimir"), p: document.getElementById("pdf") };
const level = document.getElementById("nivel");
const print = document.getElementById("imprimir");
if (print) print.addEventListener("click", () => window.print());
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input:not([type=checkbox]), select, textarea");
  const button = keys[event.key];
  if (button && !typing && !event.ctrlKey && !event.altKey && !event.metaKey) button.click();
});
if (level) level.focus();
