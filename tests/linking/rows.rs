//! The rows that a world's logs come to. In: a world; out: rows of fetches and of requests, and which belongs to which.
//! It must not know how they are linked.

use guru::model::row::NOT_LOGGED;
use guru::model::{FetchRow, RequestRow, SeriesId};

use crate::world::{BEGIN, SECOND, World};

/// The origin's series; those of the caches are counted from 0.
pub const ORIGIN: SeriesId = SeriesId(100);

/// Logs as rows.
#[derive(Clone)]
pub struct Logs {
    pub fetches: Vec<FetchRow>,
    pub requests: Vec<RequestRow>,
}

/// How a fetch goes, and how often out of a hundred failed ones.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Whole,
    /// The origin answers after the cache has given up.
    Late,
    /// The origin notices that the cache has given up.
    Aborted,
    /// An error of the origin is passed on.
    Relayed,
    /// The connection ends before an answer.
    Broke,
}

/// Numbers that look random (SplitMix64).
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(seed)
    }

    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`.
    pub fn below(&mut self, n: u64) -> u64 {
        self.bits() % n.max(1)
    }

    /// True in such a share of throws.
    fn happens(&mut self, share: f64) -> bool {
        (self.bits() >> 11) as f64 / ((1u64 << 53) as f64) < share
    }

    /// Any order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for n in (1..items.len()).rev() {
            items.swap(n, self.below(n as u64 + 1) as usize);
        }
    }
}

/// A fetch's number stands in its row's `vxid`, and in the `vxid` of its line, which the linker must not look at.
pub fn logs(world: &World) -> Logs {
    let mut dice = Dice::new(world.seed);
    let (mut fetches, mut served) = (Vec::new(), Vec::new());
    let spacing = (1e6 / world.rate) as u64;
    for n in 0..world.fetches as u64 {
        let sent = BEGIN + (n * spacing + dice.below(2 * spacing)) as i64;
        let (fetch, line, ended) = one(world, &mut dice, n + 1, sent);
        fetches.push(fetch);
        if !dice.happens(world.loss) {
            served.push((ended, line));
        }
    }
    served.sort_by_key(|(ended, line)| (*ended, line.vxid));
    let mut places: Vec<u64> = (0..served.len() as u64).collect();
    if !world.in_order {
        dice.shuffle(&mut places);
    }
    let placed =
        |((_, line), place): ((i64, RequestRow), u64)| RequestRow { offset: place * 200, line: place as u32, ..line };
    let mut requests: Vec<RequestRow> = served.into_iter().zip(places).map(placed).collect();
    requests.sort_by_key(|r| r.offset);
    Logs { fetches, requests }
}

/// A fetch that is truly sent at `sent`, its line, and when that was truly written.
fn one(world: &World, dice: &mut Dice, vxid: u64, sent: i64) -> (FetchRow, RequestRow, i64) {
    const LIMIT: u64 = SECOND as u64;
    let cache = dice.below(u64::from(world.caches)) as u32;
    let key = if dice.happens(world.alike) { 1 } else { vxid.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 2 };
    let fate = match dice.happens(world.failing) {
        false => Fate::Whole,
        true => [Fate::Late, Fate::Aborted, Fate::Relayed, Fate::Broke][dice.below(4) as usize],
    };
    let quick = 300 + dice.below(2_000) + if dice.happens(0.3) { dice.below(200_000) } else { 0 };
    // Microseconds until the cache has headers or gives up, until it has all, and until the origin is done.
    let (wait, whole, done) = match fate {
        Fate::Whole | Fate::Relayed => {
            let delivery = dice.below(3_000);
            (quick, quick + delivery, quick + dice.below(delivery + 1))
        }
        Fate::Late => (LIMIT, LIMIT, LIMIT + 1_000 + dice.below(2 * LIMIT)),
        Fate::Aborted => (LIMIT, LIMIT, LIMIT + dice.below(1_000)),
        Fate::Broke => (quick, quick, quick - dice.below(300)),
    };
    let (flags, status, logged) = match fate {
        Fate::Whole => (FetchRow::WHOLE, 200, 200),
        Fate::Relayed => (FetchRow::WHOLE | FetchRow::FAILED, 503, 503),
        Fate::Late => (FetchRow::FAILED | FetchRow::TIMED_OUT, 0, 200),
        Fate::Aborted => (FetchRow::FAILED | FetchRow::TIMED_OUT, 0, 499),
        Fate::Broke => (FetchRow::FAILED, 0, 200),
    };
    let size = if world.sizes_differ { dice.below(90_000) as u32 } else { 143 };
    let fetch = FetchRow {
        key,
        sent_at: sent + world.cache_ahead(cache),
        vxid,
        wait: wait as u32,
        whole: whole as u32,
        body: if status == 0 { NOT_LOGGED } else { size },
        header: NOT_LOGGED,
        header_sent: NOT_LOGGED,
        body_sent: NOT_LOGGED,
        backend: 1,
        status,
        flags: flags | FetchRow::OPENED,
        series: SeriesId(cache),
        ..FetchRow::default()
    };
    let ended = sent + done as i64;
    let random = BEGIN + dice.below(2 * 3_600 * LIMIT) as i64;
    let stamp = if world.stamps_are_random { random } else { world.at_origin(ended) };
    let line = RequestRow {
        key,
        end: stamp.div_euclid(world.resolution_us) * world.resolution_us,
        duration: if world.says_duration { (done / 1_000 * 1_000) as u32 } else { NOT_LOGGED },
        body: if logged == 499 { 0 } else { size },
        sent: NOT_LOGGED,
        length: NOT_LOGGED,
        series: ORIGIN,
        status: logged,
        vxid: vxid as u32,
        ..RequestRow::default()
    };
    (fetch, line, ended)
}
