"""What residents can do, as the product receives it, and what they are shown, as tests read it."""

from __future__ import annotations

import time

import pytest

from bot.simulator import Bubble, NotFollowing, Platform, Shown
from bot.simulator.media import SMALL_PNG
from bot.simulator.resident import NoSuchLink
from tests.simulator.product import Message, Product, reply, text_reply

MENU_LINK = '<a href="weixin://bizmsgmenu?msgmenucontent={0}&msgmenuid={1}">{0}</a>'


def test_every_message_has_the_platforms_fields(platform: Platform, product: Product) -> None:
    resident = platform.resident("o1")
    resident.says("在吗")
    resident.sends_photo()
    resident.sends_voice("能烧吗")
    resident.sends_voice()
    resident.sends_video()
    resident.sends_video(short=True)
    resident.sends_location(46.5, 131.25, "福利镇")
    resident.sends_link("标题", "说明", "https://example.org/a?b=1&c=2")
    messages = product.messages
    assert [m["MsgType"] for m in messages] == ["text", "image", "voice", "voice", "video", "shortvideo", "location", "link"]
    text, image, voice, silent, video, _, location, link = messages
    assert {m["ToUserName"] for m in messages} == {platform.account.original_id}
    assert {m["FromUserName"] for m in messages} == {"o1"}
    assert all(abs(int(m["CreateTime"]) - time.time()) < 5 for m in messages)
    ids = [int(m["MsgId"]) for m in messages]
    assert ids == sorted(set(ids))
    assert 2**32 < ids[0] < 2**63
    assert text["Content"] == "在吗"
    assert platform.media.get(image["MediaId"]).content == SMALL_PNG
    assert image["PicUrl"].endswith(image["MediaId"])
    assert (voice["Format"], voice["Recognition"]) == ("amr", "能烧吗")
    assert "Recognition" not in silent
    assert video["ThumbMediaId"]
    assert (location["Location_X"], location["Location_Y"], location["Label"]) == ("46.5", "131.25", "福利镇")
    assert link["Url"] == "https://example.org/a?b=1&c=2"


def test_following_scanning_leaving(platform: Platform, product: Product) -> None:
    resident = platform.resident("o1", following=False)
    with pytest.raises(NotFollowing):
        resident.says("在吗")
    resident.follows()
    resident.scans("desk-3")
    resident.unfollows()
    assert not resident.following
    resident.scans("desk-4")
    assert resident.following
    events = [(m["Event"], m["EventKey"], m.get("Ticket")) for m in product.messages]
    assert events == [
        ("subscribe", None, None),
        ("SCAN", "desk-3", "TICKET_desk-3"),
        ("unsubscribe", None, None),
        ("subscribe", "qrscene_desk-4", "TICKET_desk-4"),
    ]
    assert all("MsgId" not in m for m in product.messages)


def test_the_answer_to_leaving_is_not_shown(platform: Platform, product: Product) -> None:
    product.answer = lambda message: text_reply(message, "别走")
    shown = platform.resident("o1").unfollows()
    assert (shown.kind, shown.text) == ("nothing", "")
    assert "别走" in shown.raw


def test_menu_taps(platform: Platform, product: Product) -> None:
    platform.menu.create(
        [
            {"name": "办事", "sub_button": [{"type": "click", "name": "身份证", "key": "svc.id"}]},
            {"name": "更多", "sub_button": [{"type": "location_select", "name": "报位置", "key": "where"}]},
            {"name": "官网", "type": "view", "url": "https://example.org/"},
        ]
    )
    product.answer = lambda message: text_reply(message, "好")
    resident = platform.resident("o1")
    assert resident.clicks_menu("svc.id").text == "好"
    assert resident.clicks_menu("身份证").text == "好"
    assert resident.clicks_menu("https://example.org/").kind == "nothing"
    resident.clicks_menu("where")
    resident.clicks_menu("gone")
    events = [(m["Event"], m["EventKey"]) for m in product.messages]
    assert events == [
        ("CLICK", "svc.id"),
        ("CLICK", "svc.id"),
        ("VIEW", "https://example.org/"),
        ("location_select", "where"),
        ("CLICK", "gone"),
    ]
    assert product.messages[0]["MenuId"] == str(platform.menu.menu_id)
    assert product.messages[3]["SendLocationInfo"]["Label"]


def test_a_link_in_a_text_is_tapped(platform: Platform, product: Product) -> None:
    def answer(message: Message) -> str:
        if message.get("bizmsgmenuid"):
            return text_reply(message, f"{message['Content']}/{message['bizmsgmenuid']}")
        links = (
            MENU_LINK.format("要啥材料", "s1") + "\n" + '<a href="https://example.org/">官网</a> <b>粗</b> https://a.org/x。'
        )
        return text_reply(message, "回数字或点：\n" + links)

    product.answer = answer
    resident = platform.resident("o1")
    shown = resident.says("身份证")
    assert shown.text == "回数字或点：\n要啥材料\n官网 <b>粗</b> https://a.org/x。"
    assert [(link.label, link.message, link.menu_id, link.opens_page) for link in shown.links] == [
        ("要啥材料", "要啥材料", "s1", False),
        ("官网", None, "", True),
        ("https://a.org/x", None, "", True),
    ]
    assert resident.taps("要啥材料").text == "要啥材料/s1"
    with pytest.raises(NoSuchLink):
        resident.taps("官网")


REPLIES = {
    "image": "<Image><MediaId>{0}</MediaId></Image>",
    "voice": "<Voice><MediaId>{0}</MediaId></Voice>",
    "video": "<Video><MediaId>{0}</MediaId><Title>标题</Title></Video>",
    "music": "<Music><Title>歌</Title><MusicUrl>https://example.org/a.mp3</MusicUrl><ThumbMediaId>{0}</ThumbMediaId></Music>",
    "transfer_customer_service": "",
}


@pytest.mark.parametrize("kind", REPLIES)
def test_every_kind_of_reply(kind: str, platform: Platform, product: Product) -> None:
    media_id = platform.media.add("image", SMALL_PNG).media_id
    product.answer = lambda message: reply(message, kind, REPLIES[kind].format(media_id))
    shown = platform.resident("o1").says("在吗")
    assert shown.kind == kind.partition("_")[0]
    assert shown.media_id == (media_id if REPLIES[kind] else "")


def test_a_reply_with_a_media_id_that_nobody_uploaded(platform: Platform, product: Product) -> None:
    product.answer = lambda message: reply(message, "image", REPLIES["image"].format("nope"))
    assert platform.resident("o1").says("在吗").kind == "failure"


def test_of_several_articles_the_first_is_shown(platform: Platform, product: Product) -> None:
    items = "".join(
        f"<item><Title>第{n}篇</Title><Description>摘要</Description><Url>https://a.org/{n}</Url></item>" for n in "12"
    )
    product.answer = lambda message: reply(message, "news", f"<ArticleCount>2</ArticleCount><Articles>{items}</Articles>")
    shown = platform.resident("o1").says("公告")
    assert (shown.title, shown.description, shown.url) == ("第1篇", "摘要", "https://a.org/1")
    product.answer = lambda message: reply(message, "news", f"<ArticleCount>3</ArticleCount><Articles>{items}</Articles>")
    assert platform.resident("o1").says("公告").kind == "failure"


def test_anything_can_be_sent_raw(platform: Platform, product: Product) -> None:
    resident = platform.resident("o1")
    resident.sends_raw({"MsgType": "event", "Event": "MASSSENDJOBFINISH", "MsgID": 1, "ArticleUrlResult": {"Count": 0}})
    resident.sends_raw({"MsgType": "hologram", "PublishEventInfo": {"fail_idx": [1, 2]}})
    resident.sends_raw("<xml><MsgType>text</MsgType></xml>")
    mass, hologram, bare = product.messages
    assert (mass["FromUserName"], mass["MsgID"], mass["ArticleUrlResult"]["Count"]) == ("o1", "1", "0")
    assert hologram["PublishEventInfo"]["fail_idx"] == ["1", "2"]
    assert hologram["MsgId"]
    assert bare == {"MsgType": "text"}


def test_history_is_bounded_and_in_order(platform: Platform, product: Product) -> None:
    product.answer = lambda message: text_reply(message, message["Content"] + "！")
    resident = platform.resident("o1")
    for n in range(3):
        resident.says(str(n))
    assert [line.text for line in resident.history] == ["0", "0！", "1", "1！", "2", "2！"]
    assert isinstance(resident.history[-1], Shown)
    for _ in range(600):
        resident.receives(Bubble(kind="text", text="公告"))
    assert len(resident.history) == 500


def test_a_sticker_comes_as_the_platform_words_it(platform: Platform, product: Product) -> None:
    platform.resident("o1").sends_sticker()
    assert product.messages[0]["Content"] == "【收到不支持的消息类型，暂无法显示】"
