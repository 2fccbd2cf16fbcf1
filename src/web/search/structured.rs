//! Structured data (schema.org, JSON-LD 1.1) of a provider's page.

use domain::search::pages::ProfileView;
use serde_json::{Value, json};

/// LocalBusiness with its offers, rating and newest reviews; only what the page shows as well.
pub fn provider(view: &ProfileView) -> String {
    let provider = &view.provider;
    let mut data = json!({
        "@context": "https://schema.org",
        "@type": "LocalBusiness",
        "@id": view.url,
        "url": view.url,
        "name": provider.name,
        "description": provider.tagline,
        "address": {
            "@type": "PostalAddress",
            "streetAddress": provider.street,
            "addressLocality": provider.town,
            "postalCode": provider.postcode,
            "addressCountry": provider.country,
        },
        "currenciesAccepted": provider.currency.to_string(),
        "knowsLanguage": provider.languages,
        "makesOffer": view.services.iter().map(|service| json!({
            "@type": "Offer",
            "name": service.name,
            "description": service.description,
            "price": service.price.plain(),
            "priceCurrency": service.price.currency.to_string(),
            "url": format!("{}?service={}", view.url, service.id),
        })).collect::<Vec<Value>>(),
    });
    if let (Some(lat), Some(lng)) = (provider.lat, provider.lng) {
        data["geo"] = json!({ "@type": "GeoCoordinates", "latitude": lat, "longitude": lng });
    }
    if let Some(mean) = view.distribution.mean_hundredths() {
        data["aggregateRating"] = json!({
            "@type": "AggregateRating",
            "ratingValue": format!("{}.{:02}", mean / 100, mean % 100),
            "reviewCount": view.distribution.total(),
            "bestRating": 5,
            "worstRating": 1,
        });
        data["review"] = view
            .reviews
            .items
            .iter()
            .filter(|review| !review.body.is_empty())
            .map(|review| {
                json!({
                    "@type": "Review",
                    "author": { "@type": "Person", "name": review.author_name },
                    "datePublished": review.published_at.map(|at| at.utc_date().to_string()),
                    "reviewRating": { "@type": "Rating", "ratingValue": review.rating, "bestRating": 5, "worstRating": 1 },
                    "reviewBody": review.body,
                })
            })
            .collect();
    }
    // a "</script>" in somebody's words must not end the element
    data.to_string().replace('<', "\\u003c")
}
