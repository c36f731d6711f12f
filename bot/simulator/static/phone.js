// The phone page: sends what the resident does, and shows what the long poll brings.

const $ = (selector) => document.querySelector(selector);
const { openid } = document.body.dataset;
const chat = $("#chat");
const talk = $("#talk");
const info = $("#info");
const words = $("#words");
const kept = 400; // lines that stay on the page

let last = Number(document.body.dataset.last);
let version = Number(document.body.dataset.version);
let menu;

// ---------------------------------------------------------------- to the platform

async function act(what) {
  const form = what instanceof FormData ? what : new FormData();
  if (form !== what) for (const [name, value] of Object.entries(what)) form.set(name, value);
  form.set("openid", openid);
  closeMenus();
  toBottom();
  try {
    const answer = await fetch("/simulator/act", { method: "POST", body: form });
    $("#trouble").hidden = answer.ok;
  } catch {
    $("#trouble").hidden = false;
  }
}

/** As the app does: any picture becomes a JPEG no larger than 1600 px. */
async function sendPhoto(picture) {
  const [width, height] = [picture.naturalWidth ?? picture.width, picture.naturalHeight ?? picture.height];
  const scale = Math.min(1, 1600 / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  const form = new FormData();
  form.set("do", "sends_photo");
  form.set("photo", await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.85)), "photo.jpg");
  await act(form);
}

// ---------------------------------------------------------------- from the platform

async function listen() {
  for (;;) {
    try {
      const query = new URLSearchParams({ openid, after: last, version });
      const answer = await fetch(`/simulator/lines?${query}`);
      if (answer.status === 410) return location.reload(); // a new simulator that has never met this resident
      show(await answer.json());
      $("#offline").hidden = true;
    } catch {
      $("#offline").hidden = false;
      await new Promise((done) => setTimeout(done, 1000));
    }
  }
}

function show(news) {
  const atBottom = chat.scrollHeight - chat.scrollTop - chat.clientHeight < 120;
  version = news.version;
  last = news.last ?? last;
  append(chat, news.chat);
  append($("#backstage"), news.backstage);
  $("#backstage").scrollTop = $("#backstage").scrollHeight;
  if (news.menu !== menu) setMenu(news.menu);
  setFollowing(news.following);
  $("#busy").hidden = !news.busy;
  $("#idle").hidden = news.busy;
  if (atBottom && news.chat) toBottom();
}

function setFollowing(following) {
  const before = !document.body.classList.contains("stranger");
  if (following === before) return;
  document.body.classList.toggle("stranger", !following);
  const next = talk.dataset.foot === "menu" ? $("#to-keyboard") : words;
  (following ? next : $(".follow button")).focus(); // the button that was pressed is gone
}

function append(list, html) {
  list.insertAdjacentHTML("beforeend", html);
  while (list.children.length > kept) list.children[1].remove(); // [0] of the chat is the profile
}

function toBottom() {
  chat.scrollTo({ top: chat.scrollHeight });
}

// ---------------------------------------------------------------- the foot: menu, keyboard, panels

function setMenu(html) {
  menu = html;
  $("#menu").innerHTML = html;
  const some = $("#menu").children.length > 0;
  const before = talk.dataset.foot;
  talk.classList.toggle("menuless", !some);
  if (!some || !before || before === "none") talk.dataset.foot = some ? "menu" : "none";
}

function setFoot(foot) {
  talk.dataset.foot = foot;
  openPanel(null);
}

function openPanel(id) {
  for (const panel of document.querySelectorAll(".panel")) panel.hidden = panel.id !== id;
  for (const button of document.querySelectorAll(".keyboard [data-panel]")) {
    button.setAttribute("aria-expanded", String(button.dataset.panel === id));
  }
  if (id) $(`#${id}`).querySelector("input:not([type=file]), button")?.focus({ preventScroll: true });
  toBottom();
}

function closeMenus(except) {
  for (const button of document.querySelectorAll(".opens[aria-expanded=true]")) {
    if (button !== except) toggle(button, false);
  }
}

function toggle(button, open) {
  button.setAttribute("aria-expanded", String(open));
  document.getElementById(button.getAttribute("aria-controls")).hidden = !open;
}

function showInfo(open) {
  info.hidden = !open;
  talk.inert = open;
  $("#more").setAttribute("aria-expanded", String(open));
  (open ? $("#back") : $("#more")).focus();
}

// ---------------------------------------------------------------- what a person does

document.addEventListener("click", (event) => {
  const target = event.target.closest("button, a");
  const opens = target?.classList.contains("opens") ? target : null;
  closeMenus(opens);
  if (opens) toggle(opens, opens.getAttribute("aria-expanded") !== "true");
  if (!target) return;
  if (target.dataset.panel) openPanel($(`#${target.dataset.panel}`).hidden ? target.dataset.panel : null);
  if (target.dataset.do) {
    act({ ...target.dataset });
    openPanel(null);
    if (info.contains(target)) showInfo(false);
  }
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.dataset.do) return;
  event.preventDefault();
  const data = new FormData(form);
  data.set("do", form.dataset.do);
  if (form.contains(words)) {
    if (!words.value.trim()) return;
    words.value = "";
    talk.classList.remove("writing");
    words.focus();
  } else {
    openPanel(null);
  }
  act(data);
});

words.addEventListener("keydown", (event) => {
  // While an input method is composing, Enter picks a word and must not send.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  words.form.requestSubmit();
});
words.addEventListener("input", () => talk.classList.toggle("writing", words.value.trim() !== ""));
words.addEventListener("focus", () => openPanel(null));

$("#to-keyboard").addEventListener("click", () => {
  setFoot("keyboard");
  words.focus();
});
$("#to-menu").addEventListener("click", () => {
  setFoot("menu");
  $("#to-keyboard").focus();
});
$("#more").addEventListener("click", () => showInfo(true));
$("#back").addEventListener("click", () => showInfo(false));
$("#demo").addEventListener("click", () => {
  openPanel(null);
  sendPhoto($("#demo-photo"));
});
$("#photo").addEventListener("change", async ({ target }) => {
  const [file] = target.files;
  target.value = "";
  openPanel(null);
  if (!file) return;
  try {
    await sendPhoto(await createImageBitmap(file));
  } catch {
    $("#trouble").hidden = false; // not a picture
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  if (!info.hidden) return showInfo(false);
  closeMenus();
  openPanel(null);
});

chat.addEventListener("load", toBottom, true); // a picture that has come makes the chat longer

const clock = new Intl.DateTimeFormat("zh-CN", { hour: "2-digit", minute: "2-digit", timeZone: "Asia/Shanghai" });
setInterval(() => ($("#clock").textContent = clock.format(new Date())), 10_000);

setMenu($("#menu").innerHTML);
$("#backstage").scrollTop = $("#backstage").scrollHeight;
chat.style.scrollBehavior = "auto";
toBottom();
chat.style.scrollBehavior = "";
listen();
