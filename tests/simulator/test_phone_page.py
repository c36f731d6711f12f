"""The phone page in a real Chromium, driven as a person would: by typing, tapping, and the keyboard alone."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, Page, Request, expect, sync_playwright

from bot.simulator import Bubble, Delivery, Platform, running_simulator
from bot.simulator.bubbles import FAILURE_TEXT
from bot.simulator.media import SMALL_PNG
from tests.simulator.product import Message, Product, reply, text_reply

CHROMIUM = shutil.which("chromium")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]

LINK = '<a href="weixin://bizmsgmenu?msgmenucontent={0}&msgmenuid=m{1}">{1} {0}</a>'
LONG_ANSWER = (
    "身份证到户籍地派出所办，带上户口簿。\n\n"
    + "\n".join(LINK.format(topic, n) for n, topic in enumerate(["要啥材料", "怎么办", "多长时间", "多少钱", "去哪儿办"], 1))
    + "\n\n依据：居民身份证法 https://example.org/"
    + "a-very-long-address-without-any-break" * 4
)
MENU = [
    {"name": "办事指南", "sub_button": [{"type": "click", "name": "身份证", "key": "svc.id"}]},
    {"type": "click", "name": "最新公告", "key": "news"},
]


def answer(message: Message) -> str:
    """What a desk might say, so that every kind of bubble is on the page."""
    match message:
        case {"MsgType": "event", "Event": "subscribe"}:
            return text_reply(message, "您好，想问啥直接打字。")
        case {"MsgType": "event", "Event": "CLICK", "EventKey": key}:
            return text_reply(message, f"菜单 {key}")
        case {"MsgType": "text", "Content": "身份证咋办"}:
            return text_reply(message, LONG_ANSWER)
        case {"MsgType": "text", "Content": "公告"}:
            item = (
                "<item><Title>禁烧通告</Title><Description>摘要</Description><PicUrl>http://example.org/a.png</PicUrl></item>"
            )
            return reply(message, "news", f"<ArticleCount>1</ArticleCount><Articles>{item}</Articles>")
        case {"MsgType": "text", "Content": content}:
            return text_reply(message, f"您说的是：{content}")
        case {"MsgType": "image"}:
            return text_reply(message, "照片收到了")
        case {"MsgType": "voice"}:
            return text_reply(message, f"听到的是：{message.get('Recognition')}")
        case {"MsgType": "location"}:
            return text_reply(message, f"位置：{message['Label']} {message['Location_X']}")
    return "success"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--headless"])
        yield browser
        browser.close()


@pytest.fixture
def product(product: Product) -> Product:
    product.answer = answer
    return product


@pytest.fixture
def simulator(simulator: str, platform: Platform) -> str:
    platform.menu.create(MENU)
    return simulator


def opened(browser: Browser, **options: Any) -> Iterator[Page]:
    """A page that fails the test on any console message, error, or request to another host."""
    context = browser.new_context(locale="zh-CN", **options)
    context.set_default_timeout(10_000)
    page = context.new_page()
    faults: list[str] = []

    def check(request: Request) -> None:
        if not request.url.startswith("http://127.0.0.1:"):
            faults.append(f"request to {request.url}")

    page.on("request", check)
    page.on("console", lambda message: faults.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield page
    context.close()
    assert faults == []


@pytest.fixture
def page(browser: Browser, simulator: str) -> Iterator[Page]:
    """A phone, 390 px wide, that follows already and has its keyboard up."""
    pages = opened(browser, viewport={"width": 390, "height": 844}, has_touch=True)
    page = next(pages)
    requests.post(f"{simulator}/simulator/act", json={"openid": "o1", "do": "follows"}, timeout=5)
    page.goto(f"{simulator}/?openid=o1")
    page.get_by_label("切换到键盘").click()
    yield page
    next(pages, None)


def last(page: Page, side: str) -> Any:
    return page.locator(f".{side}").last


def says(page: Page, text: str) -> None:
    page.get_by_label("输入文字").fill(text)
    page.keyboard.press("Enter")


def test_typing_and_enter(page: Page) -> None:
    field = page.get_by_label("输入文字")
    field.press_sequentially("秸秆能烧吗")
    expect(page.get_by_role("button", name="发送", exact=True)).to_be_visible()
    field.press("Shift+Enter")
    field.press_sequentially("急")
    field.press("Enter")
    expect(last(page, "mine")).to_contain_text("秸秆能烧吗\n急", use_inner_text=True)
    expect(last(page, "theirs")).to_contain_text("您说的是：秸秆能烧吗")
    expect(field).to_have_value("")
    expect(field).to_be_focused()
    assert (
        page.evaluate(
            "() => { const c = document.querySelector('#chat'); return c.scrollHeight - c.scrollTop - c.clientHeight }"
        )
        < 2
    )


def test_enter_that_picks_a_word_does_not_send(page: Page, product: Product) -> None:
    field = page.get_by_label("输入文字")
    field.fill("jiegan")
    before = len(product.messages)
    field.dispatch_event("keydown", {"key": "Enter", "isComposing": True, "bubbles": True, "cancelable": True})
    expect(field).to_have_value("jiegan")
    assert len(product.messages) == before


def test_tapping_a_link_says_it(page: Page, product: Product) -> None:
    says(page, "身份证咋办")
    page.get_by_role("button", name="3 多长时间").click()
    expect(last(page, "mine")).to_contain_text("多长时间")
    expect(last(page, "theirs")).to_contain_text("您说的是：多长时间")
    assert product.messages[-1]["bizmsgmenuid"] == "m3"
    web = page.get_by_role("link", name=re.compile("example.org"))
    assert web.get_attribute("rel") == "noopener noreferrer"


def test_a_news_card_without_a_foreign_picture(page: Page) -> None:
    says(page, "公告")
    expect(page.locator(".article")).to_contain_text("禁烧通告")


def test_the_demo_photo(page: Page, product: Product, platform: Platform) -> None:
    page.get_by_label("更多").click()
    page.get_by_role("button", name="示例照片").click()
    expect(last(page, "theirs")).to_contain_text("照片收到了")
    shown = last(page, "mine").get_by_role("img", name="图片")
    assert shown.evaluate("image => image.complete && image.naturalWidth") == 800
    assert platform.media.get(product.messages[-1]["MediaId"]).mime == "image/jpeg"


def test_a_photo_from_the_phone(page: Page, tmp_path: Path) -> None:
    photo = tmp_path / "田.png"
    photo.write_bytes(SMALL_PNG)
    page.get_by_label("更多").click()
    page.get_by_label("照片", exact=True).set_input_files(photo)
    expect(last(page, "theirs")).to_contain_text("照片收到了")


def test_a_file_that_is_no_photo(page: Page, tmp_path: Path) -> None:
    letter = tmp_path / "信.png"
    letter.write_text("不是图片")
    page.get_by_label("更多").click()
    page.get_by_label("照片", exact=True).set_input_files(letter)
    expect(page.get_by_text("没有发出去，请再试一次")).to_be_visible()


def test_a_voice_note(page: Page) -> None:
    page.get_by_label("说话").click()
    page.get_by_label("说了什么").fill("苞米秆子能点吗")
    page.keyboard.press("Enter")
    expect(last(page, "mine")).to_contain_text("苞米秆子能点吗")
    expect(last(page, "theirs")).to_contain_text("听到的是：苞米秆子能点吗")


def test_a_location(page: Page) -> None:
    page.get_by_label("更多").click()
    page.get_by_role("button", name="位置").click()
    page.get_by_label("在哪里").fill("升昌镇")
    page.get_by_label("纬度").fill("46.6")
    page.get_by_role("button", name="发送位置").click()
    expect(last(page, "mine")).to_contain_text("升昌镇")
    expect(last(page, "theirs")).to_contain_text("位置：升昌镇 46.6")


def test_the_menu(page: Page) -> None:
    page.get_by_label("切换到菜单").click()
    page.get_by_role("button", name="办事指南").click()
    page.get_by_role("button", name="身份证", exact=True).click()
    expect(last(page, "theirs")).to_contain_text("菜单 svc.id")
    expect(page.get_by_role("button", name="身份证", exact=True)).to_be_hidden()
    page.get_by_role("button", name="办事指南").click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="身份证", exact=True)).to_be_hidden()


def test_a_menu_that_is_made_while_the_page_is_open(page: Page, platform: Platform) -> None:
    platform.menu.create([{"type": "click", "name": "新菜单", "key": "new"}])
    says(page, "在吗")
    expect(last(page, "theirs")).to_contain_text("在吗")
    page.get_by_label("切换到菜单").click()
    expect(page.get_by_role("button", name="新菜单")).to_be_visible()
    platform.menu.delete()
    says_by = platform.resident("o1").says("还在吗")
    assert says_by.kind == "text"
    expect(page.get_by_label("输入文字")).to_be_visible()
    expect(page.get_by_label("切换到菜单")).to_be_hidden()


def test_following_and_leaving(browser: Browser, simulator: str) -> None:
    for page in opened(browser, viewport={"width": 390, "height": 844}):
        page.goto(simulator)
        expect(page.get_by_label("切换到键盘")).to_be_hidden()
        page.get_by_role("button", name="关注公众号").click()
        expect(last(page, "theirs")).to_contain_text("您好，想问啥直接打字。")
        expect(page.get_by_label("切换到键盘")).to_be_focused()
        page.get_by_label("聊天信息").first.click()
        page.get_by_role("button", name="不再关注").click()
        expect(page.get_by_role("button", name="关注公众号")).to_be_visible()
        page.get_by_role("button", name="关注公众号").click()
        expect(page.locator(".theirs")).to_have_count(2)


def test_a_second_resident_has_a_chat_of_their_own(page: Page, platform: Platform) -> None:
    says(page, "我是头一个")
    expect(last(page, "theirs")).to_contain_text("我是头一个")
    page.get_by_role("button", name="聊天信息").click()
    page.get_by_placeholder("再添一位").fill("钱奶奶")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="关注公众号").click()
    expect(last(page, "theirs")).to_contain_text("您好")
    expect(page.get_by_text("我是头一个")).to_have_count(0)
    page.get_by_role("button", name="聊天信息").click()
    expect(page.get_by_role("link", name="钱奶奶")).to_have_attribute("aria-current", "true")
    page.get_by_role("link", name="王大娘").click()
    expect(last(page, "mine")).to_contain_text("我是头一个")
    assert [resident.name for resident in platform.residents()] == ["", "钱奶奶"]


def test_typing_is_shown_while_the_answer_is_awaited(page: Page, product: Product) -> None:
    go_on = threading.Event()

    def wait(message: Message) -> str:
        go_on.wait(4)
        return answer(message)

    product.answer = wait
    says(page, "在吗")
    expect(page.get_by_text("对方正在输入…")).to_be_visible()
    go_on.set()
    expect(last(page, "theirs")).to_contain_text("在吗")
    expect(page.get_by_text("对方正在输入…")).to_be_hidden()


def test_the_excuse_and_what_was_behind_it(browser: Browser, simulator: str, platform: Platform, product: Product) -> None:
    platform.delivery = Delivery(attempts=2)
    platform.resident("o1")
    product.answer = lambda message: "{}"
    for page in opened(browser, viewport={"width": 1280, "height": 900}):
        page.goto(f"{simulator}/?openid=o1")
        page.get_by_label("切换到键盘").click()
        says(page, "在吗")
        expect(page.locator(".notice")).to_have_text(FAILURE_TEXT)
        backstage = page.locator("#backstage > li").last
        backstage.locator("summary").click()
        expect(backstage).to_contain_text("第 1 次：已答复")
        expect(backstage.locator(".reason")).to_contain_text("no XML")
        sent = page.locator("#backstage > li").first
        sent.locator("summary").click()
        expect(sent.locator("pre")).to_contain_text("<Content><![CDATA[在吗]]></Content>")
        page.get_by_text("幕后").click()
        expect(sent).to_be_hidden()


def test_what_the_account_sends_by_itself_appears(page: Page, platform: Platform) -> None:
    platform.resident("o1").receives(Bubble(kind="text", text="您要的材料清单", parts=("您要的材料清单",)))
    expect(last(page, "theirs")).to_contain_text("您要的材料清单")


def test_the_keyboard_alone_is_enough(browser: Browser, simulator: str) -> None:
    for page in opened(browser, viewport={"width": 390, "height": 844}):
        page.goto(f"{simulator}/?openid=o9")
        page.get_by_role("button", name="聊天信息").focus()
        for _ in range(2):
            page.keyboard.press("Tab")
        assert page.evaluate("() => document.activeElement.textContent") == "关注公众号"
        outline = page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid", "where the focus is can be seen"
        page.keyboard.press("Enter")
        expect(last(page, "theirs")).to_contain_text("您好")
        page.keyboard.press("Enter")  # on 切换到键盘, which has the focus now
        page.keyboard.type("身份证咋办")
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="1 要啥材料")).to_be_visible()
        page.get_by_label("输入文字").press("Shift+Tab")
        for _ in range(10):
            if page.evaluate("() => document.activeElement.textContent") == "5 去哪儿办":
                break
            page.keyboard.press("Shift+Tab")
        page.keyboard.press("Enter")
        expect(last(page, "theirs")).to_contain_text("您说的是：去哪儿办")
        expect(page.get_by_role("log")).to_have_attribute("aria-live", "polite")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(360, 640), (390, 844), (619, 900), (620, 600), (1280, 900)])
def test_nothing_is_wider_than_the_screen(
    size: tuple[int, int], scheme: Any, browser: Browser, simulator: str, platform: Platform
) -> None:
    width, height = size
    resident = platform.resident("o1")
    for text in ("身份证咋办", "公告", "长" * 300, "a" * 200):
        resident.says(text)
    resident.sends_voice("说" * 200)
    resident.sends_photo()
    resident.sends_video()
    resident.sends_location(46.7, 131.1, "黑龙江省双鸭山市集贤县" * 4)
    resident.sends_link("一个很长的标题" * 8, "说明" * 40)
    for page in opened(browser, viewport={"width": width, "height": height}, color_scheme=scheme):
        page.goto(f"{simulator}/?openid=o1")
        expect(page.locator(".line").first).to_be_attached()
        for part in ("html", "#chat"):
            spill = page.locator(part).evaluate("part => part.scrollWidth - part.clientWidth")
            assert spill <= 0, part
        page.get_by_label("切换到键盘").click()
        page.get_by_label("更多").click()
        box = page.get_by_role("button", name="位置").bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= width
        assert box["y"] + box["height"] <= height


def test_a_simulator_that_is_gone_is_said(browser: Browser, platform: Platform, product: Product) -> None:
    context = browser.new_context()
    page = context.new_page()
    platform.resident("o1")
    with running_simulator(platform) as address:
        page.goto(f"{address}/?openid=o1")
        expect(page.get_by_label("输入文字")).to_be_visible()
    says(page, "在吗")
    expect(page.get_by_text("没有发出去，请再试一次")).to_be_visible()
    with running_simulator(platform, int(address.rpartition(":")[2])):
        says(page, "还在吗")
        expect(last(page, "theirs")).to_contain_text("还在吗", timeout=10_000)
    context.close()
