"""The topics, in the order in which they are asked; the first reply that is not PASS wins."""

from handlers import announcements, commands, emergency, fallback, media, policies, services, straw_burning, welcome

ROUTERS = (
    emergency.router,
    welcome.router,
    commands.router,
    announcements.router,
    media.router,
    services.router,
    straw_burning.router,
    policies.router,
    fallback.router,
)
