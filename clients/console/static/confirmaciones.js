/* The queue works without this: a letter goes to its button in the row that has the focus, or in the first. Enter answers. */
"use strict";
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.target.closest("input, select, textarea")) return;
  const row = event.target.closest("[data-fila]") || document.querySelector("[data-fila]");
  const button = row && row.querySelector(`button[aria-keyshortcuts="${CSS.escape(event.key)}"]`);
  if (button) button.focus();
});
