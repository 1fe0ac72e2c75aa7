//! Current weather in the form of OpenWeather (`/data/2.5/weather`, its errors included). The weather
//! changes every ten seconds of the clock; between two changes an answer stays the same to the byte.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use kernel::{Clock, Secret, Timestamp};
use serde_json::{Value, json};

use crate::answer::conditional;
use crate::seed::{Seed, round, step};

const STEP_SECS: i64 = 10;

/// Requests that a minute of the clock allows.
const PER_MINUTE: u32 = 600;

pub(crate) struct Weather {
    clock: Clock,
    seed: Seed,
    key: Secret<String>,
    /// The minute that is counted, and how many requests it has seen.
    window: Mutex<(i64, u32)>,
}

impl Weather {
    pub(crate) fn new(clock: Clock, seed: Seed, key: Secret<String>) -> Self {
        Self { clock, seed, key, window: Mutex::default() }
    }
}

pub(crate) fn router(weather: Weather) -> Router {
    Router::new().route("/data/2.5/weather", get(current)).with_state(Arc::new(weather))
}

async fn current(
    State(weather): State<Arc<Weather>>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    // OpenWeather writes `cod` as a number here and as text in the errors that follow.
    if query.get("appid") != Some(weather.key.expose()) {
        let body = json!({"cod": 401, "message": "Invalid API key. The sandbox made one for you."});
        return (StatusCode::UNAUTHORIZED, axum::Json(body)).into_response();
    }
    let (spent, reset) = weather.spend();
    let mut response = if spent > PER_MINUTE {
        let body = json!({"cod": 429, "message": "Your account is temporarily blocked."});
        let wait = (reset - weather.clock.now().secs()).to_string();
        let wait = [(header::RETRY_AFTER, wait)];
        (StatusCode::TOO_MANY_REQUESTS, wait, axum::Json(body)).into_response()
    } else {
        weather.answer(&query, &headers)
    };
    for (name, value) in [
        ("x-ratelimit-limit", i64::from(PER_MINUTE)),
        ("x-ratelimit-remaining", i64::from(PER_MINUTE.saturating_sub(spent))),
        ("x-ratelimit-reset", reset),
    ] {
        response.headers_mut().insert(name, HeaderValue::from(value));
    }
    response
}

impl Weather {
    /// Counts a request: how many this minute has seen, and when (in seconds since 1970) it ends.
    fn spend(&self) -> (u32, i64) {
        let minute = self.clock.now().secs().div_euclid(60);
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        if window.0 != minute {
            *window = (minute, 0);
        }
        window.1 += 1;
        (window.1, (minute + 1) * 60)
    }

    fn answer(&self, query: &HashMap<String, String>, headers: &HeaderMap) -> Response {
        let units = match query.get("units").map(String::as_str) {
            Some("metric") => Units::Metric,
            Some("imperial") => Units::Imperial,
            _ => Units::Standard,
        };
        match City::find(query) {
            Ok(city) => {
                let now = step(self.clock.now(), STEP_SECS);
                let body = self.at(&city, now, units).to_string();
                conditional(headers, "application/json; charset=utf-8", None, body)
            }
            Err((status, message)) => {
                let body = json!({"cod": status.as_str(), "message": message});
                (status, axum::Json(body)).into_response()
            }
        }
    }

    fn at(&self, city: &City, now: Timestamp, units: Units) -> Value {
        let wave = |what: &str, minutes: u64| {
            self.seed.wave(&format!("{what} {}", city.id), now, Duration::from_secs(minutes * 60))
        };
        let clock_of_day = (now.secs() + city.timezone).rem_euclid(86_400);
        let midnight = now.secs() - clock_of_day;
        let (sunrise, sunset) = (midnight + 23_400, midnight + 68_400);
        // Warmest at three in the afternoon.
        let sun = ((clock_of_day - 54_000) as f64 / 86_400.0 * std::f64::consts::TAU).cos();
        let celsius = city.mean + 4.0 * sun + 3.0 * wave("temperature", 40);
        let clouds = ((0.5 + 0.5 * wave("clouds", 25)) * 100.0).round();
        let humidity = (65.0 + 25.0 * wave("humidity", 30)).round();
        let wind = 5.0 + 4.0 * wave("wind", 15);
        let daytime = (sunrise..sunset).contains(&now.secs());
        json!({
            "coord": {"lon": city.lon, "lat": city.lat},
            "weather": [sky(clouds, humidity, daytime)],
            "base": "stations",
            "main": {
                "temp": units.temperature(celsius),
                "feels_like": units.temperature(celsius - 0.2 * wind),
                "temp_min": units.temperature(celsius - 1.3),
                "temp_max": units.temperature(celsius + 1.1),
                "pressure": (1013.0 + 12.0 * wave("pressure", 90)).round() as i64,
                "humidity": humidity as i64,
            },
            "visibility": 10_000,
            "wind": {
                "speed": units.speed(wind),
                "deg": (180.0 + 179.0 * wave("wind direction", 60)).round() as i64,
                "gust": units.speed(wind * 1.6),
            },
            "clouds": {"all": clouds as i64},
            "dt": now.secs(),
            "sys": {"country": city.country, "sunrise": sunrise, "sunset": sunset},
            "timezone": city.timezone,
            "id": city.id,
            "name": city.name,
            "cod": 200,
        })
    }
}

/// The condition with OpenWeather's number, words and icon for it.
fn sky(clouds: f64, humidity: f64, daytime: bool) -> Value {
    let (id, main, description, icon) = match clouds {
        _ if humidity > 80.0 && clouds > 50.0 => (500, "Rain", "light rain", "10"),
        ..11.0 => (800, "Clear", "clear sky", "01"),
        ..25.0 => (801, "Clouds", "few clouds", "02"),
        ..51.0 => (802, "Clouds", "scattered clouds", "03"),
        ..85.0 => (803, "Clouds", "broken clouds", "04"),
        _ => (804, "Clouds", "overcast clouds", "04"),
    };
    let icon = format!("{icon}{}", if daytime { "d" } else { "n" });
    json!({"id": id, "main": main, "description": description, "icon": icon})
}

#[derive(Clone, Copy)]
enum Units {
    Standard,
    Metric,
    Imperial,
}

impl Units {
    fn temperature(self, celsius: f64) -> f64 {
        let value = match self {
            Self::Standard => celsius + 273.15,
            Self::Metric => celsius,
            Self::Imperial => celsius * 1.8 + 32.0,
        };
        round(value, 2)
    }

    fn speed(self, metres_per_second: f64) -> f64 {
        match self {
            Self::Imperial => round(metres_per_second * 2.236_936, 2),
            _ => round(metres_per_second, 2),
        }
    }
}

/// A place; `mean` is its mean temperature in °C, `timezone` its offset from UTC in seconds.
#[derive(Clone, Copy)]
struct City {
    name: &'static str,
    country: &'static str,
    id: u32,
    lat: f64,
    lon: f64,
    timezone: i64,
    mean: f64,
}

impl City {
    /// By `q` ("London" or "London,GB", in any case) or by `lat` and `lon`.
    fn find(query: &HashMap<String, String>) -> Result<Self, (StatusCode, &'static str)> {
        if let Some(asked) = query.get("q").filter(|asked| !asked.trim().is_empty()) {
            let mut parts = asked.split(',').map(str::trim);
            let (name, country) = (parts.next().unwrap_or_default(), parts.next_back());
            let fits = |city: &&Self| {
                city.name.eq_ignore_ascii_case(name)
                    && country.is_none_or(|country| city.country.eq_ignore_ascii_case(country))
            };
            return CITIES
                .iter()
                .find(fits)
                .copied()
                .ok_or((StatusCode::NOT_FOUND, "city not found"));
        }
        let degrees = |name: &str, most: f64| {
            let value = query.get(name)?.parse::<f64>().ok()?;
            (value.abs() <= most).then_some(value)
        };
        match (query.contains_key("lat"), degrees("lat", 90.0), degrees("lon", 180.0)) {
            (_, Some(lat), Some(lon)) => Ok(Self::near(lat, lon)),
            (true, None, _) => Err((StatusCode::BAD_REQUEST, "wrong latitude")),
            (true, _, None) => Err((StatusCode::BAD_REQUEST, "wrong longitude")),
            (false, ..) => Err((StatusCode::BAD_REQUEST, "Nothing to geocode")),
        }
    }

    /// A known city within a degree, else the open sea, which OpenWeather calls "Globe".
    fn near(lat: f64, lon: f64) -> Self {
        let near = |city: &&Self| (city.lat - lat).abs() < 1.0 && (city.lon - lon).abs() < 1.0;
        let mean = 28.0 - lat.abs() * 0.4;
        let globe = Self { name: "Globe", country: "", id: 6_295_630, lat, lon, timezone: 0, mean };
        CITIES.iter().find(near).copied().unwrap_or(globe)
    }
}

#[rustfmt::skip]
const CITIES: [City; 14] = [
    City { name: "London", country: "GB", id: 2_643_743, lat: 51.5085, lon: -0.1257, timezone: 0, mean: 11.5 },
    City { name: "Berlin", country: "DE", id: 2_950_159, lat: 52.5244, lon: 13.4105, timezone: 3600, mean: 10.0 },
    City { name: "Paris", country: "FR", id: 2_988_507, lat: 48.8534, lon: 2.3488, timezone: 3600, mean: 12.5 },
    City { name: "Madrid", country: "ES", id: 3_117_735, lat: 40.4165, lon: -3.7026, timezone: 3600, mean: 15.5 },
    City { name: "Reykjavik", country: "IS", id: 3_413_829, lat: 64.1355, lon: -21.8954, timezone: 0, mean: 5.0 },
    City { name: "Cairo", country: "EG", id: 360_630, lat: 30.0626, lon: 31.2497, timezone: 7200, mean: 22.5 },
    City { name: "Nairobi", country: "KE", id: 184_745, lat: -1.2833, lon: 36.8167, timezone: 10_800, mean: 18.0 },
    City { name: "Mumbai", country: "IN", id: 1_275_339, lat: 19.0144, lon: 72.8479, timezone: 19_800, mean: 27.5 },
    City { name: "Singapore", country: "SG", id: 1_880_252, lat: 1.2897, lon: 103.8501, timezone: 28_800, mean: 27.5 },
    City { name: "Tokyo", country: "JP", id: 1_850_144, lat: 35.6895, lon: 139.6917, timezone: 32_400, mean: 16.0 },
    City { name: "Sydney", country: "AU", id: 2_147_714, lat: -33.8679, lon: 151.2073, timezone: 36_000, mean: 18.0 },
    City { name: "New York", country: "US", id: 5_128_581, lat: 40.7143, lon: -74.006, timezone: -18_000, mean: 13.0 },
    City { name: "San Francisco", country: "US", id: 5_391_959, lat: 37.7749, lon: -122.4194, timezone: -28_800, mean: 14.0 },
    City { name: "São Paulo", country: "BR", id: 3_448_439, lat: -23.5475, lon: -46.6361, timezone: -10_800, mean: 20.0 },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Service;
    use crate::probe::{Answer, Probe};

    async fn ask(probe: &Probe, query: &str, headers: &[(&str, &str)]) -> Answer {
        let key = probe.sandbox.credentials().weather_key.clone();
        let path = format!("/data/2.5/weather?appid={}&{query}", key.expose());
        probe.get(Service::Weather, &path, headers).await
    }

    #[tokio::test]
    async fn weather_drifts_and_stands_still_between_steps() {
        let probe = Probe::start().await;
        let first = ask(&probe, "q=London&units=metric", &[]).await;
        assert_eq!(first.status, 200);
        let london = first.json();
        assert_eq!((&london["name"], &london["cod"]), (&json!("London"), &json!(200)));
        assert!((-30.0..50.0).contains(&london["main"]["temp"].as_f64().unwrap()));
        assert_eq!(first.header("content-type"), "application/json; charset=utf-8");
        assert_eq!(first.header("x-ratelimit-limit"), "600");
        assert_eq!(first.header("x-ratelimit-remaining"), "599");

        let tag = first.header("etag");
        let same = ask(&probe, "q=london,gb&units=metric", &[("if-none-match", tag)]).await;
        assert_eq!((same.status, same.body.len()), (304, 0));

        probe.clock.advance(Duration::from_secs(600));
        let later = ask(&probe, "q=London&units=metric", &[("if-none-match", tag)]).await;
        assert_eq!(later.status, 200);
        assert_ne!(later.json()["main"]["temp"], london["main"]["temp"]);
    }

    #[tokio::test]
    async fn units_are_of_the_same_weather() {
        let probe = Probe::start().await;
        let mut temps = Vec::new();
        for units in ["metric", "imperial", "standard"] {
            let answer = ask(&probe, &format!("q=Tokyo&units={units}"), &[]).await;
            temps.push(answer.json()["main"]["temp"].as_f64().unwrap());
        }
        assert!((temps[0] * 1.8 + 32.0 - temps[1]).abs() < 0.02, "{temps:?}");
        assert!((temps[0] + 273.15 - temps[2]).abs() < 0.02, "{temps:?}");
    }

    #[tokio::test]
    async fn errors_are_openweathers() {
        let probe = Probe::start().await;
        for path in ["/data/2.5/weather?q=London", "/data/2.5/weather?q=London&appid=wrong"] {
            let answer = probe.get(Service::Weather, path, &[]).await;
            assert_eq!((answer.status, &answer.json()["cod"]), (401, &json!(401)), "{path}");
        }
        for (query, status, cod) in [
            ("q=Atlantis", 404, json!("404")),
            ("q=London,FR", 404, json!("404")),
            ("units=metric", 400, json!("400")),
            ("lat=91&lon=0", 400, json!("400")),
            ("lat=0", 400, json!("400")),
            ("lat=0&lon=0", 200, json!(200)),
            ("lat=51.5&lon=0", 200, json!(200)),
        ] {
            let answer = ask(&probe, query, &[]).await;
            assert_eq!((answer.status, &answer.json()["cod"]), (status, &cod), "{query}");
        }
    }

    #[tokio::test]
    async fn a_minute_has_its_limit() {
        let probe = Probe::start().await;
        for _ in 0..PER_MINUTE {
            assert_eq!(ask(&probe, "q=Paris", &[]).await.status, 200);
        }
        let over = ask(&probe, "q=Paris", &[]).await;
        assert_eq!((over.status, over.header("x-ratelimit-remaining")), (429, "0"));
        probe.clock.advance(Duration::from_secs(over.header("retry-after").parse().unwrap()));
        assert_eq!(ask(&probe, "q=Paris", &[]).await.status, 200);
    }
}
