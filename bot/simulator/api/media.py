"""media/upload and media/get: temporary media."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request, url_for

from bot.simulator.errors import ApiError
from bot.simulator.here import the_platform

calls = Blueprint("media", __name__)

_SUFFIXES = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/gif": "gif",
    "image/bmp": "bmp",
    "audio/amr": "amr",
    "audio/mpeg": "mp3",
    "video/mp4": "mp4",
}


@calls.post("/media/upload")
def upload() -> Response:
    file = request.files.get("media")
    if file is None:
        raise ApiError(41005)
    media = the_platform().media.add(request.args.get("type", ""), file.read())
    name = "thumb_media_id" if media.type == "thumb" else "media_id"
    return jsonify({"type": media.type, name: media.media_id, "created_at": media.created_at})


@calls.get("/media/get")
def get() -> Response:
    """The file itself; for a video its address, as the platform does."""
    media = the_platform().media.get(request.args.get("media_id", ""))
    if media.type == "video":
        return jsonify(video_url=url_for("phone.media", media_id=media.media_id, _external=True))
    answer = Response(media.content, mimetype=media.mime)
    answer.headers["Content-Disposition"] = f'attachment; filename="{media.media_id}.{_SUFFIXES[media.mime]}"'
    return answer
