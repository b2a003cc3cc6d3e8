// Comforts of the one-time page; it works without them.
(function () {
  "use strict";
  var summary = document.querySelector("[data-focus]");
  if (summary) summary.focus();

  document.querySelectorAll("input[data-reveal]").forEach(function (input) {
    var button = document.createElement("button");
    button.type = "button";
    button.className = "reveal";
    button.setAttribute("aria-controls", input.id);
    function show(visible) {
      input.type = visible ? "text" : "password";
      button.textContent = visible ? input.dataset.hide : input.dataset.show;
      button.setAttribute("aria-pressed", String(visible));
    }
    button.addEventListener("click", function () { show(input.type === "password"); });
    input.form.addEventListener("submit", function () { show(false); });
    show(false);
    input.parentNode.append(button);
  });

  var form = document.querySelector("form");
  if (form) {
    form.addEventListener("submit", function (event) {
      // A second tap while the first is under way must not send twice.
      if (form.dataset.sent) event.preventDefault();
      form.dataset.sent = "yes";
    });
    window.addEventListener("pageshow", function () { delete form.dataset.sent; });
  }

  var expiry = document.querySelector("[data-expires]");
  if (expiry) {
    var left = new Date(expiry.dataset.expires) - Date.now();
    if (left < 2147483648) {
      setTimeout(function () {
        expiry.hidden = true;
        document.querySelector("[data-expired]").hidden = false;
        document.querySelector(".submit").disabled = true;
      }, Math.max(0, left));
    }
  }
})();
