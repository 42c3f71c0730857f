//! What cannot be read, told once. In: the troubles that a look finds, each time anew; out: those that are new, and
//! those that are over. It must not know what they are.

use std::collections::{BTreeMap, BTreeSet};

use super::told::Followed;
use crate::model::Stamp;
use crate::source::spec::Trouble;

struct Standing {
    trouble: Trouble,
    since: Stamp,
    told: bool,
}

/// Troubles that stand at present, by path.
#[derive(Default)]
pub(super) struct Troubles {
    standing: BTreeMap<String, Standing>,
}

impl Troubles {
    /// Takes all troubles that there are now. One that lasts for `patience_us` is told: while a log is rotated its
    /// name may point nowhere for a moment.
    pub fn are(&mut self, all: Vec<Trouble>, now: Stamp, patience_us: i64, give: &mut impl FnMut(Followed)) {
        let paths: BTreeSet<String> = all.iter().map(|t| t.path.clone()).collect();
        self.standing.retain(|path, standing| {
            let stays = paths.contains(path);
            if !stays && standing.told {
                give(Followed::Mended { path: path.clone() });
            }
            stays
        });
        for trouble in all {
            let path = trouble.path.clone();
            let standing = self.standing.entry(path);
            let standing = standing.or_insert_with(|| Standing { trouble: trouble.clone(), since: now, told: false });
            if standing.trouble.why != trouble.why {
                *standing = Standing { trouble, since: now, told: false };
            }
            if !standing.told && now.0.saturating_sub(standing.since.0) >= patience_us {
                standing.told = true;
                give(Followed::Trouble(standing.trouble.clone()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trouble_is_told_when_it_lasts_and_once() {
        let (mut troubles, mut told) = (Troubles::default(), Vec::new());
        let trouble = Trouble::new("a.log", "cannot be read: permission denied");
        for at in [0, 5, 10, 15] {
            troubles.are(vec![trouble.clone()], Stamp(at), 10, &mut |f| told.push(f));
        }
        troubles.are(Vec::new(), Stamp(20), 10, &mut |f| told.push(f));
        troubles.are(vec![trouble.clone()], Stamp(25), 10, &mut |f| told.push(f));
        troubles.are(Vec::new(), Stamp(30), 10, &mut |f| told.push(f));
        assert_eq!(told, [Followed::Trouble(trouble), Followed::Mended { path: "a.log".into() }]);
    }
}
