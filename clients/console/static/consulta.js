/* The desk works without this: it prints, and puts the reader at the answer. */
"use strict";
const button = document.getElementById("imprimir");
const level = document.getElementById("nivel");
if (button) {
  button.addEventListener("click", () => window.print());
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, select, textarea");
    if (event.key === "i" && !typing && !event.ctrlKey && !event.altKey && !event.metaKey) button.click();
  });
}
if (level) level.focus();
