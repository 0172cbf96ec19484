"""Places as texts."""


def coordinates(latitude: float, longitude: float) -> str:
    """Degrees as `LATITUDE,LONGITUDE` to four decimals, which is ten metres: nobody knows more of an address."""
    return f"{round(latitude, 4) + 0.0:.7g},{round(longitude, 4) + 0.0:.7g}"


def degrees(text: str) -> tuple[float, float]:
    """Latitude and longitude of such a text. ValueError where it is none."""
    latitude, longitude = map(float, text.split(","))
    if not (abs(latitude) <= 90 and abs(longitude) <= 180):
        raise ValueError(f"{text!r} is not on the globe")
    return latitude, longitude
