"""One sample of every message and event in the fact sheet, as the platform writes it and as we read it."""

from __future__ import annotations

from typing import Any

from bot.dialogue import messages as m

TO, FROM, TIME = "gh_123456789012", "oAbcdefghijklmnopqrstuvwxyz1", 1_410_685_580
EVERY = {"ToUserName": TO, "FromUserName": FROM, "CreateTime": TIME}
COMMON: dict[str, Any] = {"to_user": TO, "openid": FROM, "created_at": TIME}
PLACE = {"Location_X": "23.137466", "Location_Y": "113.352425", "Scale": "20", "Label": "广州市海珠区客村"}
PLACED: dict[str, Any] = {"latitude": 23.137466, "longitude": 113.352425, "scale": 20, "label": "广州市海珠区客村"}


def to_xml(fields: dict[str, Any]) -> str:
    return f"<xml>{_children(fields)}</xml>"


def _children(fields: dict[str, Any]) -> str:
    return "\n".join(
        f"<{name}>{_content(value)}</{name}>"
        for name, values in fields.items()
        for value in (values if isinstance(values, list) else [values])
    )


def _content(value: object) -> str:
    if isinstance(value, dict):
        return _children(value)
    return f"{value}" if isinstance(value, int) else f"<![CDATA[{str(value).replace(']]>', ']]]]><![CDATA[>')}]]>"


def message(kind: str, **fields: Any) -> dict[str, Any]:
    return {**EVERY, "MsgType": kind, **fields, "MsgId": 6054768590064713728}


def event(name: str, **fields: Any) -> dict[str, Any]:
    return {**EVERY, "MsgType": "event", "Event": name, **fields}


def _said(**more: Any) -> dict[str, Any]:
    return {**COMMON, "msg_id": 6054768590064713728, **more}


def _did(name: str, key: str = "", **more: Any) -> dict[str, Any]:
    return {**COMMON, "event": name, "event_key": key, **more}


MESSAGES: list[tuple[dict[str, Any], m.Message]] = [
    (message("text", Content="身份证怎么办\n[微笑]"), m.Text(content="身份证怎么办\n[微笑]", **_said())),
    (message("text", Content="", bizmsgmenuid="7"), m.Text(content="", menu_id="7", **_said())),
    (
        message("text", Content="x", MsgDataId="2247484000", Idx="2"),
        m.Text(content="x", **_said(msg_data_id="2247484000", idx="2")),
    ),
    (
        message("image", PicUrl="http://p/1?a=1&b=2", MediaId="M1"),
        m.Image(pic_url="http://p/1?a=1&b=2", media_id="M1", **_said()),
    ),
    (message("voice", MediaId="M1", Format="amr"), m.Voice(media_id="M1", format="amr", **_said())),
    (
        message("voice", MediaId="M1", Format="speex", MediaId16K="M2", Recognition="秸秆能烧吗"),
        m.Voice(media_id="M1", format="speex", media_id_16k="M2", recognition="秸秆能烧吗", **_said()),
    ),
    (message("video", MediaId="M1", ThumbMediaId="T1"), m.Video(media_id="M1", thumb_media_id="T1", **_said())),
    (
        message("shortvideo", MediaId="M1", ThumbMediaId="T1"),
        m.Video(media_id="M1", thumb_media_id="T1", short=True, **_said()),
    ),
    (message("location", **PLACE), m.Location(**PLACED, **_said())),
    (
        message("link", Title="题", Description="述", Url="http://u"),
        m.Link(title="题", description="述", url="http://u", **_said()),
    ),
    (
        message("sticker", Md5="5", Nested={"A": "1"}),
        m.UnknownMessage(msg_type="sticker", fields={"Md5": "5", "Nested": {"A": "1"}}, **_said()),
    ),
]

COPYRIGHT = {
    "ArticleIdx": 1,
    "UserDeclareState": 0,
    "AuditState": 2,
    "OriginalArticleUrl": "http://original",
    "OriginalArticleType": 1,
    "CanReprint": 1,
    "NeedReplaceContent": 1,
    "NeedShowReprintSource": 0,
}
COPYRIGHT_RESULT = m.CopyrightResult(
    article_idx=1,
    user_declare_state=0,
    audit_state=2,
    original_article_url="http://original",
    original_article_type=1,
    can_reprint=1,
    need_replace_content=1,
    need_show_reprint_source=0,
)
MASS = {"MsgID": 1000001625, "Status": "err(30003)", "TotalCount": 9, "FilterCount": 8, "SentCount": 7, "ErrorCount": 1}
MASS_DONE: dict[str, Any] = {
    "job_msg_id": 1000001625,
    "status": "err(30003)",
    "total_count": 9,
    "filter_count": 8,
    "sent_count": 7,
    "error_count": 1,
}


def mass_finished(articles: int) -> dict[str, Any]:
    urls = [{"ArticleIdx": index, "ArticleUrl": f"http://a/{index}"} for index in range(1, articles + 1)]
    return event(
        "MASSSENDJOBFINISH",
        **MASS,
        CopyrightCheckResult={"Count": articles, "ResultList": {"item": [COPYRIGHT] * articles}, "CheckState": 2},
        ArticleUrlResult={"Count": articles, "ResultList": {"item": urls}},
    )


def mass_finished_message(articles: int) -> m.MassSendFinished:
    return m.MassSendFinished(
        copyright_check_state=2,
        copyright_results=(COPYRIGHT_RESULT,) * articles,
        article_urls=tuple((index, f"http://a/{index}") for index in range(1, articles + 1)),
        **MASS_DONE,
        **_did("MASSSENDJOBFINISH"),
    )


def _published(**info: Any) -> dict[str, Any]:
    return event("PUBLISHJOBFINISH", PublishEventInfo={"publish_id": "2247503051", **info})


_SCANNED = {"ScanType": "qrcode", "ScanResult": "http://q"}
_PICTURES = {"PicList": {"item": [{"PicMd5Sum": "aa"}, {"PicMd5Sum": "bb"}]}}
_CHOICES = [
    {"TemplateId": "t1", "SubscribeStatusString": "accept", "PopupScene": 2},
    {"TemplateId": "t2", "SubscribeStatusString": "reject", "PopupScene": 2},
]
_CHOSEN = (
    m.SubscriptionChoice(template_id="t1", status="accept", popup_scene="2"),
    m.SubscriptionChoice(template_id="t2", status="reject", popup_scene="2"),
)
_SENT = {"TemplateId": "t1", "MsgID": 1864, "ErrorCode": 0, "ErrorStatus": "success"}
_WAS_SENT = m.SubscriptionChoice(template_id="t1", msg_id="1864", error_code="0", error_status="success")

EVENTS: list[tuple[dict[str, Any], m.Message]] = [
    (event("subscribe", EventKey=""), m.Subscribe(**_did("subscribe"))),
    (
        event("subscribe", EventKey="qrscene_123", Ticket="T"),
        m.Subscribe(scene="123", ticket="T", **_did("subscribe", "qrscene_123")),
    ),
    (event("unsubscribe"), m.Unsubscribe(**_did("unsubscribe"))),
    (event("SCAN", EventKey="123", Ticket="T"), m.Scan(ticket="T", **_did("SCAN", "123"))),
    (
        event("LOCATION", Latitude="23.137466", Longitude="-113.352425", Precision="119.385040"),
        m.ReportedLocation(latitude=23.137466, longitude=-113.352425, precision=119.38504, **_did("LOCATION")),
    ),
    (event("CLICK", EventKey="policies"), m.MenuClick(**_did("CLICK", "policies"))),
    (event("VIEW", EventKey="http://v", MenuId=41), m.MenuView(menu_id="41", **_did("VIEW", "http://v"))),
    (event("view_miniprogram", EventKey="pages/a", MenuId=4), m.MenuView(menu_id="4", **_did("view_miniprogram", "pages/a"))),
    *(
        (
            event(name, EventKey="6", ScanCodeInfo=_SCANNED),
            m.MenuScan(scan_type="qrcode", scan_result="http://q", **_did(name, "6")),
        )
        for name in ("scancode_push", "scancode_waitmsg")
    ),
    *(
        (
            event(name, EventKey="6", SendPicsInfo={"Count": 2, **_PICTURES}),
            m.MenuPictures(count=2, md5sums=("aa", "bb"), **_did(name, "6")),
        )
        for name in ("pic_sysphoto", "pic_photo_or_album", "pic_weixin")
    ),
    (
        event("pic_weixin", EventKey="6", SendPicsInfo={"Count": 0, "PicList": ""}),
        m.MenuPictures(count=0, **_did("pic_weixin", "6")),
    ),
    (
        event("location_select", EventKey="6", SendLocationInfo={**PLACE, "Poiname": "客村"}),
        m.MenuLocation(poi_name="客村", **PLACED, **_did("location_select", "6")),
    ),
    (
        event("TEMPLATESENDJOBFINISH", MsgID=200163836, Status="failed:user block"),
        m.TemplateSendFinished(job_msg_id=200163836, status="failed:user block", **_did("TEMPLATESENDJOBFINISH")),
    ),
    (event("MASSSENDJOBFINISH", **MASS), m.MassSendFinished(**MASS_DONE, **_did("MASSSENDJOBFINISH"))),
    (mass_finished(1), mass_finished_message(1)),
    (mass_finished(8), mass_finished_message(8)),
    (
        _published(
            publish_status=0, article_id="b5O2", article_detail={"count": 1, "item": {"idx": 1, "article_url": "http://a"}}
        ),
        m.PublishFinished(
            publish_id="2247503051",
            publish_status=0,
            article_id="b5O2",
            articles=((1, "http://a"),),
            **_did("PUBLISHJOBFINISH"),
        ),
    ),
    (
        _published(publish_status=2, fail_idx=[1, 2]),
        m.PublishFinished(publish_id="2247503051", publish_status=2, fail_idx=(1, 2), **_did("PUBLISHJOBFINISH")),
    ),
    (
        event("subscribe_msg_popup_event", SubscribeMsgPopupEvent={"List": _CHOICES}),
        m.SubscriptionMessageEvent(choices=_CHOSEN, **_did("subscribe_msg_popup_event")),
    ),
    (
        event(
            "subscribe_msg_change_event",
            SubscribeMsgChangeEvent={"List": {"TemplateId": "t1", "SubscribeStatusString": "reject"}},
        ),
        m.SubscriptionMessageEvent(
            choices=(m.SubscriptionChoice(template_id="t1", status="reject"),), **_did("subscribe_msg_change_event")
        ),
    ),
    (
        event("subscribe_msg_sent_event", SubscribeMsgSentEvent={"List": _SENT}),
        m.SubscriptionMessageEvent(choices=(_WAS_SENT,), **_did("subscribe_msg_sent_event")),
    ),
    *(
        (
            event(name, OpenID="o2", AppID="wx1", RevokeInfo="1"),
            m.PersonalDataEvent(subject_openid="o2", revoke_info="1", **_did(name)),
        )
        for name in ("user_info_modified", "user_authorization_revoke", "user_authorization_cancellation")
    ),
    (event("kf_create_session", KfAccount="a@b"), m.UnknownEvent(fields={"KfAccount": "a@b"}, **_did("kf_create_session"))),
]

ALL = [*MESSAGES, *EVENTS]
EXAMPLE = MESSAGES[0][1]
EXAMPLE_XML = to_xml(MESSAGES[0][0])


def name_of(sample: dict[str, Any]) -> str:
    return str(sample.get("Event", sample["MsgType"]))
