"""Builds each event of the platform from its fields; fields that the fact sheet gives an event must be there."""

from __future__ import annotations

from collections.abc import Callable

from bot.dialogue import messages as m
from bot.gateway.fields import Common, decimal, each, group, groups, integer, place, rest, text
from bot.gateway.reader import Fields


def unknown_event(fields: Fields, common: Common) -> m.Message:
    return m.UnknownEvent(fields=rest(fields), **common)


def _subscribe(fields: Fields, common: Common) -> m.Message:
    key = common["event_key"]
    scene = key.removeprefix("qrscene_") if key.startswith("qrscene_") else ""
    return m.Subscribe(scene=scene, ticket=text(fields, "Ticket", ""), **common)


def _unsubscribe(fields: Fields, common: Common) -> m.Message:
    return m.Unsubscribe(**common)


def _scan(fields: Fields, common: Common) -> m.Message:
    return m.Scan(ticket=text(fields, "Ticket", ""), **common)


def _reported_location(fields: Fields, common: Common) -> m.Message:
    latitude, longitude, precision = (decimal(fields, name) for name in ("Latitude", "Longitude", "Precision"))
    return m.ReportedLocation(latitude=latitude, longitude=longitude, precision=precision, **common)


def _click(fields: Fields, common: Common) -> m.Message:
    return m.MenuClick(menu_id=text(fields, "MenuId", ""), **common)


def _view(fields: Fields, common: Common) -> m.Message:
    return m.MenuView(menu_id=text(fields, "MenuId", ""), **common)


def _menu_scan(fields: Fields, common: Common) -> m.Message:
    info = group(fields, "ScanCodeInfo")
    return m.MenuScan(scan_type=text(info, "ScanType"), scan_result=text(info, "ScanResult"), **common)


def _menu_pictures(fields: Fields, common: Common) -> m.Message:
    info = group(fields, "SendPicsInfo")
    pictures = groups(group(info, "PicList", required=False), "item")
    md5sums = tuple(text(picture, "PicMd5Sum") for picture in pictures)
    return m.MenuPictures(count=integer(info, "Count"), md5sums=md5sums, **common)


def _menu_location(fields: Fields, common: Common) -> m.Message:
    info = group(fields, "SendLocationInfo")
    return m.MenuLocation(poi_name=text(info, "Poiname", ""), **place(info), **common)


def _template_finished(fields: Fields, common: Common) -> m.Message:
    return m.TemplateSendFinished(job_msg_id=integer(fields, "MsgID"), status=text(fields, "Status"), **common)


def _mass_finished(fields: Fields, common: Common) -> m.Message:
    check = group(fields, "CopyrightCheckResult", required=False)
    urls = group(fields, "ArticleUrlResult", required=False)
    return m.MassSendFinished(
        job_msg_id=integer(fields, "MsgID"),
        status=text(fields, "Status"),
        total_count=integer(fields, "TotalCount"),
        filter_count=integer(fields, "FilterCount"),
        sent_count=integer(fields, "SentCount"),
        error_count=integer(fields, "ErrorCount"),
        copyright_check_state=integer(check, "CheckState", 0),
        copyright_results=tuple(_copyright(item) for item in groups(group(check, "ResultList", required=False), "item")),
        article_urls=tuple(
            (integer(item, "ArticleIdx"), text(item, "ArticleUrl"))
            for item in groups(group(urls, "ResultList", required=False), "item")
        ),
        **common,
    )


def _copyright(item: Fields) -> m.CopyrightResult:
    return m.CopyrightResult(
        article_idx=integer(item, "ArticleIdx"),
        user_declare_state=integer(item, "UserDeclareState", 0),
        audit_state=integer(item, "AuditState", 0),
        original_article_url=text(item, "OriginalArticleUrl", ""),
        original_article_type=integer(item, "OriginalArticleType", 0),
        can_reprint=integer(item, "CanReprint", 0),
        need_replace_content=integer(item, "NeedReplaceContent", 0),
        need_show_reprint_source=integer(item, "NeedShowReprintSource", 0),
    )


def _publish_finished(fields: Fields, common: Common) -> m.Message:
    info = group(fields, "PublishEventInfo")
    detail = group(info, "article_detail", required=False)
    return m.PublishFinished(
        publish_id=text(info, "publish_id"),
        publish_status=integer(info, "publish_status"),
        article_id=text(info, "article_id", ""),
        articles=tuple((integer(item, "idx"), text(item, "article_url")) for item in groups(detail, "item")),
        fail_idx=tuple(integer({"fail_idx": value}, "fail_idx") for value in each(info, "fail_idx")),
        **common,
    )


def _subscription(container: str) -> Callable[[Fields, Common], m.Message]:
    def build(fields: Fields, common: Common) -> m.Message:
        choices = tuple(_choice(item) for item in groups(group(fields, container), "List"))
        return m.SubscriptionMessageEvent(choices=choices, **common)

    return build


def _choice(item: Fields) -> m.SubscriptionChoice:
    return m.SubscriptionChoice(
        template_id=text(item, "TemplateId"),
        status=text(item, "SubscribeStatusString", ""),
        popup_scene=text(item, "PopupScene", ""),
        msg_id=text(item, "MsgID", ""),
        error_code=text(item, "ErrorCode", ""),
        error_status=text(item, "ErrorStatus", ""),
    )


def _personal_data(fields: Fields, common: Common) -> m.Message:
    subject, revoked = text(fields, "OpenID", ""), text(fields, "RevokeInfo", "")
    return m.PersonalDataEvent(subject_openid=subject, revoke_info=revoked, **common)


# By name in lower case.
EVENTS: dict[str, Callable[[Fields, Common], m.Message]] = {
    "subscribe": _subscribe,
    "unsubscribe": _unsubscribe,
    "scan": _scan,
    "location": _reported_location,
    "click": _click,
    "view": _view,
    "view_miniprogram": _view,
    "scancode_push": _menu_scan,
    "scancode_waitmsg": _menu_scan,
    "pic_sysphoto": _menu_pictures,
    "pic_photo_or_album": _menu_pictures,
    "pic_weixin": _menu_pictures,
    "location_select": _menu_location,
    "templatesendjobfinish": _template_finished,
    "masssendjobfinish": _mass_finished,
    "publishjobfinish": _publish_finished,
    "subscribe_msg_popup_event": _subscription("SubscribeMsgPopupEvent"),
    "subscribe_msg_change_event": _subscription("SubscribeMsgChangeEvent"),
    "subscribe_msg_sent_event": _subscription("SubscribeMsgSentEvent"),
    "user_info_modified": _personal_data,
    "user_authorization_revoke": _personal_data,
    "user_authorization_cancellation": _personal_data,
}

# Events that always carry an EventKey.
KEYED = frozenset(
    name for name, build in EVENTS.items() if build in (_scan, _click, _view, _menu_scan, _menu_pictures, _menu_location)
)
