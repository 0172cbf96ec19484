// What the browser does by itself: history, keys, the filter bar and the place of menus. Events go to the server by
// NiceGUI's emitEvent.
(() => {
  const by = (name) => document.querySelector(`[data-fc="${name}"]`);
  const here = () => location.pathname + location.search;
  const tell = (name, value) => emitEvent(name, value);

  // History: the server pushes addresses, the browser tells when it goes back or forward.
  addEventListener("popstate", () => tell("fc_went", here()));
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[data-view]");
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    tell("fc_goes", link.getAttribute("href"));
  });

  // Look: chosen in this browser, known to the server by a cookie, so that the first picture is right.
  const system = matchMedia("(prefers-color-scheme: dark)");
  const keep = (name, value) => (document.cookie = `${name}=${value};path=/;max-age=31536000;samesite=strict`);
  const chosen = () => /(?:^|; )fc_theme=(auto|light|dark)/.exec(document.cookie)?.[1] ?? "auto";
  const darkness = () => (chosen() === "auto" ? system.matches : chosen() === "dark");
  window.fcTheme = (theme) => {
    keep("fc_theme", theme);
    keep("fc_dark", Number(darkness()));
    tell("fc_look", darkness());
  };
  system.addEventListener("change", () => window.fcTheme(chosen()));
  window.fcStart = (dark) => {
    keep("fc_dark", Number(darkness()));
    if (darkness() !== dark) tell("fc_look", darkness());
  };

  // Refresh: only while somebody may be looking.
  let timer = 0;
  window.fcRefresh = (seconds) => {
    clearInterval(timer);
    if (seconds) timer = setInterval(() => document.hidden || tell("fc_again"), seconds * 1000);
  };

  // Menus open where the pointer or the focus is.
  const anchor = (x, y) => {
    const mark = by("anchor");
    if (mark) Object.assign(mark.style, { left: `${x}px`, top: `${y}px` });
  };
  document.addEventListener("pointerdown", (event) => anchor(event.clientX, event.clientY), true);
  document.addEventListener(
    "keydown",
    (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      const box = event.target.getBoundingClientRect?.();
      if (box) anchor(box.left, box.bottom);
    },
    true,
  );

  // A list whose entries came late opens for whoever still waits for it, and not for who passes by with Tab: opening
  // would take the focus back.
  let passing = false;
  addEventListener("pointerdown", () => (passing = false), true);
  addEventListener("keydown", (event) => (passing = event.key === "Tab"), true);
  window.fcUnfold = (id) => {
    const select = getElement(id);
    if (!passing && select?.$el.contains(document.activeElement)) select.$refs.qRef.showPopup();
  };

  // The cells of a table are made anew with each answer: the focus goes to what takes the place of the one it was in.
  let place = null;
  addEventListener("pointerdown", () => (place = null), true);
  document.addEventListener("focusin", ({ target }) => {
    if (target.closest(".q-menu, .q-dialog")) return;
    const cell = target.closest(".fc-table :is(td, th)");
    place = cell && { table: cell.closest("table"), row: cell.parentElement.rowIndex, column: cell.cellIndex };
  });
  new MutationObserver(() => {
    if (!place || document.activeElement !== document.body) return;
    const { rows } = place.table;
    rows[Math.min(place.row, rows.length - 1)]?.cells[place.column]?.querySelector("button")?.focus({ preventScroll: true });
  }).observe(document.body, { childList: true, subtree: true });

  // Keys.
  const writes = (element) => element.closest?.("input, textarea, select, [contenteditable]");
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || writes(event.target)) return;
    const target = { "/": "filter", t: "time" }[event.key];
    if (!target || !by(target)) return;
    event.preventDefault();
    by(target).focus();
    if (event.key === "t") by(target).click();
  });

  // The filter bar.
  const box = () => by("filter");
  const list = () => by("proposals");
  const entries = () => [...(list()?.querySelectorAll("[role=option]") ?? [])];
  const current = () => entries().find((one) => one.getAttribute("aria-selected") === "true");
  const hide = () => {
    if (list()) list().hidden = true;
    box()?.setAttribute("aria-expanded", "false");
  };
  let waiting = 0;
  const ask = () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => tell("fc_writes", { text: box().value, cursor: box().selectionStart }), 120);
  };
  const submit = () => {
    clearTimeout(waiting);
    hide();
    tell("fc_filter", box().value);
  };
  const move = (step) => {
    const all = entries();
    const place = all.indexOf(current());
    current()?.setAttribute("aria-selected", "false");
    const next = all[(place + step + all.length) % all.length];
    next.setAttribute("aria-selected", "true");
    next.scrollIntoView({ block: "nearest" });
    box().setAttribute("aria-activedescendant", next.id);
  };
  window.fcProposals = (count, text) => {
    const open = count > 0 && document.activeElement === box() && box().value === text;
    list().hidden = !open;
    box().setAttribute("aria-expanded", String(open));
  };
  let begun = false;
  window.fcFilter = (text, cursor) => {
    // What was written before the page was connected stays: the server's first word comes late then.
    if (begun || !box().value) box().value = text;
    begun = true;
    if (cursor === undefined) return;
    box().focus();
    box().setSelectionRange(cursor, cursor);
    ask();
  };
  document.addEventListener("input", (event) => event.target === box() && ask());
  document.addEventListener("focusin", (event) => event.target === box() && ask());
  document.addEventListener("focusout", (event) => event.target === box() && setTimeout(hide, 200));
  document.addEventListener("keydown", (event) => {
    if (event.target !== box()) return;
    const open = list() && !list().hidden;
    if (open && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      move(event.key === "ArrowDown" ? 1 : -1);
    } else if (open && current() && (event.key === "Enter" || event.key === "Tab")) {
      event.preventDefault();
      current().click();
    } else if (event.key === "Enter") submit();
    else if (event.key === "Escape") open ? hide() : box().blur();
    else if (event.key === "ArrowLeft" || event.key === "ArrowRight") ask();
  });
})();
