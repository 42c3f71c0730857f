//! Questions to the history, and the commands that ask them.

use guru::cli::history::{self, IncidentsArgs, NoteArgs, ResolveArgs, ShowArgs, WorkedArg};
use guru::error::Kind;
use guru::model::stamp::SECOND;
use guru::model::{Stamp, State};
use guru::store::{Filter, Store, Worked};

use crate::support::{Run, T0, ask, failure, linked, new_store};

/// Three incidents: 1 shop, timeouts, closed; 2 api, refused, open; 3 like 1, later.
fn seed(store: &mut Store) {
    let mut shop = Run::of((0..3).map(|n| linked(failure(n))).collect());
    shop.save(store);
    let mut api = Run::of((10..12).map(failure).collect());
    for f in &mut api.failures {
        f.ruling.cause = guru::model::Cause::named("connection.refused");
    }
    let i = &mut api.groups[0].incident;
    (i.service, i.cause, i.title) = ("api".into(), "connection.refused".into(), "api: 100% refused".into());
    (i.state, i.in_short) = (State::Open, "nobody listens".into());
    api.save(store);
    Run::of((20..21).map(failure).collect()).save(store);
}

fn ids(store: &Store, filter: Filter) -> Vec<u32> {
    store.incidents(&filter).unwrap().iter().map(|i| i.id).collect()
}

#[test]
fn a_list_is_filtered_by_each_question() {
    let (_folder, mut store) = new_store();
    seed(&mut store);
    store.resolve(1, "import in batches of 500", Some(Worked::Yes), None).unwrap();
    store.note(3, "Ann says: the importer").unwrap();
    let none = Filter::default;
    let words = |w: &[&str]| Filter { words: w.iter().map(|w| w.to_string()).collect(), ..none() };
    let at = |n: i64| Some(Stamp(T0 + n * 10 * SECOND));
    let cases: [(Filter, &[u32]); 14] = [
        (none(), &[3, 2, 1]),
        (words(&["SHOP"]), &[3, 1]),
        (words(&["batches", "slow"]), &[1]),
        (words(&["importer"]), &[3]),
        (words(&["listens"]), &[2]),
        (words(&["0%_ref"]), &[]),
        (words(&["0% ref"]), &[2]),
        (words(&["nothing of that"]), &[]),
        (Filter { state: Some(State::Resolved), ..none() }, &[1]),
        (Filter { state: Some(State::Open), ..none() }, &[2]),
        (Filter { cause: Some("timeout".into()), ..none() }, &[3, 1]),
        (Filter { service: Some("api".into()), ..none() }, &[2]),
        (Filter { since: at(5), ..none() }, &[3, 2]),
        (Filter { until: at(15), since: at(5), ..none() }, &[2]),
    ];
    for (filter, expected) in cases {
        assert_eq!(ids(&store, filter.clone()), expected, "{filter:?}");
    }
}

#[test]
fn one_incident_is_told_whole() {
    let (_folder, mut store) = new_store();
    seed(&mut store);
    let i = store.incident(1).unwrap();
    assert_eq!((i.failures, i.nodes.join(","), i.root.clone()), (3, "cache-1".to_string(), None));
    assert_eq!(
        (i.causes[0].cause.as_str(), i.causes[0].failures, i.causes[0].role.as_str()),
        ("timeout.first_byte", 3, "came first")
    );
    assert_eq!(i.causes[0].first_at, i.opened_at);
    assert_eq!(i.verdicts["late_answer"], 3);
    assert_eq!((i.harm.visitors_5xx, i.harm.crawlers_5xx, i.harm.share), (3, 1, Some(0.5)));
    assert_eq!(i.harm.by_impact["error"], 3);
    assert_eq!(i.harm.top_urls, [("/p/0".to_string(), 1), ("/p/1".to_string(), 1), ("/p/2".to_string(), 1)]);
    assert_eq!(i.curve, [(Stamp(T0).minute().0, 3)]);
    let e = &i.examples[0];
    assert_eq!(e.request, "GET shop.example.com/p/1?token=***");
    assert_eq!(e.own.as_ref().map(|q| (q.file.as_str(), q.line)), Some(("varnish.log", 4711)));
    assert!(e.origin.is_none() && e.origin_error.is_some());
    assert_eq!(i.proof[0].text, "reached pm.max_children setting (40)");
    assert_eq!((i.began[0].kind.as_str(), i.ended_by[0].kind.as_str()), ("restart", "reload"));
    assert_eq!(store.incident(3).unwrap().seen_before, [1]);
}

#[test]
fn the_commands_answer_with_what_is_to_be_printed() {
    let (_folder, mut store) = new_store();
    let e = history::show(&store, &ShowArgs::default()).expect_err("it is empty");
    assert!(e.kind == Kind::Usage && e.to_string().contains("guru analyze"));
    seed(&mut store);
    assert_eq!(history::show(&store, &ShowArgs::default()).unwrap().id, 2, "the open one");
    assert_eq!(history::show(&store, &ShowArgs { id: Some(3) }).unwrap().id, 3);
    let e = history::show(&store, &ShowArgs { id: Some(99) }).expect_err("there is none");
    assert!(e.kind == Kind::Usage && e.to_string().contains("guru incidents"), "{e}");

    let args = ResolveArgs { id: 2, what: " started it ".into(), worked: Some(WorkedArg::Yes), at: None };
    let moment = |_: &str| Ok(Stamp::NONE);
    let (i, line) = history::resolve(&mut store, &args, &moment).unwrap();
    assert_eq!((i.state, i.fix.as_deref()), (State::Resolved, Some("started it")));
    assert_eq!(line, "incident 2 (api: 100% refused): fix recorded, it worked    guru show 2");
    assert_eq!(history::show(&store, &ShowArgs::default()).unwrap().id, 3, "none is open: the newest");
    let (_, line) = history::note(&mut store, &NoteArgs { id: 1, text: vec!["two".into(), "words".into()] }).unwrap();
    assert_eq!(line, "incident 1 (shop: slow origin): note 1 recorded    guru show 1");
    assert_eq!(ask(store.path(), "SELECT text FROM notes"), ["two words"]);
    for id in [1, 99] {
        let what = if id == 1 { "  " } else { "x" }.to_string();
        assert_eq!(
            history::resolve(&mut store, &ResolveArgs { id, what, worked: None, at: None }, &moment).unwrap_err().kind,
            Kind::Usage
        );
    }

    let args = IncidentsArgs { words: vec!["shop slow".into()], since: Some("now".into()), ..IncidentsArgs::default() };
    let found = history::incidents(&store, &args, &|t| {
        assert_eq!(t, "now");
        Ok(Stamp(T0 + 190 * SECOND))
    });
    assert_eq!(found.unwrap().iter().map(|i| i.id).collect::<Vec<_>>(), [3]);
}
