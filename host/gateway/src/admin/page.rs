//! The page for whoever operates a gateway. It holds no data: its script asks the API, with the token that its user gives it.
//!
//! The token travels in a header that the script sets and in no cookie, so that a request of another site carries none. What
//! the API tells is put into the page as text alone; the policy below has the browser refuse anything else.

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use hyper::Response;
use hyper::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};

/// Nothing from other origins, no inline code, no markup made of text, and no frame around the page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
                      require-trusted-types-for 'script'; trusted-types 'none'";

const SCRIPT: &str = "text/javascript; charset=utf-8";

/// The files of the page: path, kind, content.
const FILES: [(&str, &str, &str); 15] = [
    ("/", "text/html; charset=utf-8", include_str!("page/page.html")),
    ("/app.css", "text/css; charset=utf-8", include_str!("page/app.css")),
    ("/icon.svg", "image/svg+xml", include_str!("page/icon.svg")),
    ("/app.js", SCRIPT, include_str!("page/app.js")),
    ("/api.js", SCRIPT, include_str!("page/api.js")),
    ("/dom.js", SCRIPT, include_str!("page/dom.js")),
    ("/changes.js", SCRIPT, include_str!("page/changes.js")),
    ("/differences.js", SCRIPT, include_str!("page/differences.js")),
    ("/versions.js", SCRIPT, include_str!("page/versions.js")),
    ("/journal.js", SCRIPT, include_str!("page/journal.js")),
    ("/trials.js", SCRIPT, include_str!("page/trials.js")),
    ("/requests.js", SCRIPT, include_str!("page/requests.js")),
    ("/charts.js", SCRIPT, include_str!("page/charts.js")),
    ("/trend.js", SCRIPT, include_str!("page/trend.js")),
    ("/playground.js", SCRIPT, include_str!("page/playground.js")),
];

/// Tells the page whether it needs a token. A rejected request would be an error in the browser's console.
const ENTRANCE: &str = "/entrance.json";

/// The routes of the page, of a listener that needs a token or none. They themselves need none.
pub(super) fn routes(needs_token: bool) -> Router {
    let entrance = if needs_token { "{\"needsToken\":true}" } else { "{\"needsToken\":false}" };
    let router = Router::new().route(ENTRANCE, get(move || std::future::ready(file("application/json", entrance))));
    FILES.into_iter().fold(router, |router, (path, kind, content)| {
        router.route(path, get(move || std::future::ready(file(kind, content))))
    })
}

fn file(kind: &'static str, content: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(content));
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_TYPE, kind),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
        (CACHE_CONTROL, "no-store"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::FILES;

    #[test]
    fn every_file_that_is_named_is_served() {
        for (path, _, content) in FILES {
            let named = content.split(['"', '\'']).filter(|text| {
                text.starts_with('/') && [".js", ".css", ".svg"].iter().any(|ending| text.ends_with(ending))
            });
            for named in named.chain(
                content.split('"').filter_map(|text| text.strip_prefix('.').filter(|text| text.ends_with(".js"))),
            ) {
                assert!(FILES.iter().any(|(served, ..)| *served == named), "{path} names {named}");
            }
        }
    }

    #[test]
    fn nothing_is_asked_of_another_place_and_no_text_becomes_markup() {
        for (path, _, content) in FILES {
            let content = content.replace("http://www.w3.org/2000/svg", "");
            for word in ["http:", "https:", "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("] {
                assert!(!content.contains(word), "{path} has {word}");
            }
        }
    }
}
