//! What is searched for, as an address says it.

use super::pairs;
use domain::search::model::SearchQuery;

pub fn read(input: &[u8]) {
    let asked = pairs(input);
    let (query, _) = SearchQuery::parse(asked.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    // a link that is made of it reads as the same query
    let link = query.link();
    let again = pairs(link.split_once('?').map_or("", |(_, rest)| rest).as_bytes());
    let (same, problems) = SearchQuery::parse(again.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    assert!(problems.is_empty(), "{link}: {problems:?}");
    assert_eq!(same.link(), link);
}
