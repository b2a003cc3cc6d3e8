// Runs before the first paint so that a chosen theme or text size does not flash. Not a module on purpose.
(function () {
  "use strict";
  try {
    var root = document.documentElement;
    var theme = localStorage.getItem("mingshi.theme");
    var size = localStorage.getItem("mingshi.size");
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
    if (size === "large" || size === "huge") root.dataset.size = size;
  } catch (refused) {
    // Storage may be blocked; the system's own preference then holds.
  }
})();
