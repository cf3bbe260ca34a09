"""The basemap that a deployment may lay below its maps: where its tiles may come from."""

from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured


def tile_origin(address: str) -> list[str]:
    """What the content security policy lets images come from: none or one, `https://{s}.tiles.example/…` as `https://*.tiles.example`.

    Raises ImproperlyConfigured for what is no address of tiles: a map that silently stays empty helps nobody.
    """
    if not address:
        return []
    parts = urlsplit(address)
    named = all(mark in address for mark in ("{z}", "{x}", "{y}"))
    if named and address.startswith("/") and not parts.netloc:
        return []  # the server's own
    if (
        not named
        or parts.scheme not in ("http", "https")
        or not parts.hostname
        or any(one in parts.netloc for one in " ;,'")
    ):
        raise ImproperlyConfigured(
            f"FANGXIAN_MAP_TILES is {address!r}; it is to be an address such as https://tiles.example/{{z}}/{{x}}/{{y}}.png."
        )
    return [f"{parts.scheme}://{parts.netloc.replace('{s}', '*')}"]
