// Keeps this browser's id and choices in cookies, takes the gaps of web/written.py out of labels,
// and says Streamlit's own English words in Chinese.
const GAP = /\u2063/g;
const WORDS = ["aria-label", "title", "placeholder"];

export default function ({ data }) {
  document.cookie = `tikuforge=${data.token}; path=/; max-age=31536000; SameSite=Strict`;
  document.cookie = `tikuforge_set=${data.chosen}; path=/; max-age=31536000; SameSite=Strict`;
  document.documentElement.lang = data.language === "zh" ? "zh-CN" : "en";
  window.tikuforgeWords?.disconnect();
  // On a telephone the menu lies over the page: it closes once something was chosen in it.
  if (!window.tikuforgeMenu) {
    window.tikuforgeMenu = true;
    document.addEventListener("click", (event) => {
      const chosen = "a, [class*=st-key-open-talk-] button, .st-key-new_talk button";
      if (window.innerWidth > 768 || !event.target.closest?.("[data-testid=stSidebar]")) return;
      if (event.target.closest(chosen))
        setTimeout(() => document.querySelector("[data-testid=stSidebarCollapseButton] button")?.click(), 150);
    });
  }
  // What had the focus may be gone after a run of the page: the place where it stood has it then,
  // not the top of the page.
  if (!window.tikuforgeFocus) {
    window.tikuforgeFocus = { around: [] };
    document.addEventListener("focusin", (event) => {
      const around = [];
      for (let one = event.target; one && one !== document.body; one = one.parentElement) around.push(one);
      window.tikuforgeFocus.around = around;
    });
    new MutationObserver(() => {
      const { around } = window.tikuforgeFocus;
      if (document.activeElement !== document.body || !around.length || around[0].isConnected) return;
      const place = around.find((one) => one.isConnected);
      window.tikuforgeFocus.around = [];
      if (!place) return;
      if (!place.hasAttribute("tabindex")) place.setAttribute("tabindex", "-1");
      place.focus({ preventScroll: true });
    }).observe(document.body, { subtree: true, childList: true });
  }
  const exact = data.words;
  const patterns = data.patterns.map(([from, to]) => [new RegExp(from), to]);
  const said = (text) => {
    const bare = text.trim();
    if (!/[A-Za-z]{2}/.test(bare) || bare.length > 160) return null;
    if (Object.hasOwn(exact, bare)) return exact[bare];
    for (const [from, to] of patterns) if (from.test(bare)) return bare.replace(from, to);
    return null;
  };
  // What people and the model wrote, and our own components, are left alone.
  const ours = (node) =>
    node.closest?.("[data-testid=stMarkdownContainer], [data-testid=stHtml], [role=option], pre, " +
      "textarea") && !node.closest("[data-testid=stFileUploader]");
  const exactly = (node) => node.closest?.("[data-testid=stHtml], pre, textarea");
  const bare = (node) => {
    if (node.nodeValue.includes("\u2063") && !exactly(node.parentElement ?? node))
      node.nodeValue = node.nodeValue.replace(GAP, "");
  };
  const mend = (root) => {
    if (root.nodeType === Node.TEXT_NODE) {
      bare(root);
      if (ours(root.parentElement ?? root)) return;
      const words = said(root.nodeValue);
      if (words !== null) root.nodeValue = words;
      return;
    }
    if (root.nodeType !== Node.ELEMENT_NODE || exactly(root)) return;
    for (const name of WORDS) {
      const had = root.getAttribute(name);
      if (had?.includes("\u2063")) root.setAttribute(name, had.replace(GAP, ""));
      const words = had && !ours(root) ? said(had) : null;
      if (words !== null) root.setAttribute(name, words);
    }
    root.childNodes.forEach(mend);
  };
  mend(document.body);
  window.tikuforgeWords = new MutationObserver((changes) => {
    for (const change of changes) {
      if (change.type === "childList") change.addedNodes.forEach(mend);
      else mend(change.target);
    }
  });
  window.tikuforgeWords.observe(document.body, {
    subtree: true,
    childList: true,
    characterData: true,
    attributes: true,
    attributeFilter: WORDS,
  });
}
