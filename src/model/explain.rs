//! What a cause is, in prose. In: nothing; out: the text of one cause file as reports, `show` and `explain` print it.
//! It must not know the rules that recognise the cause.

use serde::Serialize;

use super::cause::Bucket;
use super::incident::Advice;

/// The prose of one cause file.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    /// Cause id.
    pub id: String,
    /// Reads after "the fetch failed because".
    pub title: String,
    /// False for what is no cause of a failure but is asked about: an error page.
    pub is_cause: bool,
    /// The same in at most 26 characters, for titles and tables.
    pub brief: String,
    /// Where a reader files it.
    pub bucket: Bucket,
    /// One sentence for somebody who has never seen Varnish.
    pub means: String,
    /// The same with `{cache}` and `{Cache}` for whoever made the fetch.
    #[serde(skip)]
    pub means_of: String,
    /// Why it happens.
    pub why: String,
    /// Commands or log lines that prove it, one each.
    pub confirm: Vec<String>,
    /// What to look at, change and not do.
    pub advice: Vec<Advice>,
    /// What it is often mistaken for.
    pub mistaken_for: String,
}

impl Explanation {
    /// One sentence for fetches that these programs made, as [`super::Series::program`] calls them.
    pub fn means_to<'p>(&self, programs: impl Iterator<Item = &'p str>) -> String {
        told(&self.means_of, programs)
    }
}

/// A sentence with `{cache}` and `{Cache}` filled in: who waits for the origin is Varnish for some and nginx or a CDN for
/// others. Where several programs are meant, or none is known, it is the cache.
pub fn told<'p>(sentence: &str, programs: impl Iterator<Item = &'p str>) -> String {
    let mut names: Vec<&str> = programs.map(name_of).collect();
    names.dedup();
    let name = match names.as_slice() {
        [one] => one,
        _ => "the cache",
    };
    let first = match name.strip_prefix("the ") {
        Some(rest) => format!("The {rest}"),
        None => name.to_string(),
    };
    sentence.replace("{Cache}", &first).replace("{cache}", name)
}

/// What a program is called in prose, by what [`super::Series::program`] says.
pub fn name_of(program: &str) -> &'static str {
    match program {
        "varnish" | "" => "the cache",
        "nginx" | "ingress-nginx" => "nginx",
        "haproxy" => "HAProxy",
        "apache" => "Apache",
        "envoy" => "Envoy",
        "traefik" => "Traefik",
        "caddy" => "Caddy",
        "squid" => "Squid",
        "trafficserver" => "Traffic Server",
        "iis-w3c" => "IIS",
        "php-fpm" => "php-fpm",
        "aws-alb" | "aws-elb" | "gcp-lb" | "azure-appgw" => "the load balancer",
        "cloudflared" => "the tunnel",
        "fastly" => "Fastly",
        "cloudfront" | "cloudfront-realtime" => "CloudFront",
        "cloudflare" => "Cloudflare",
        _ => "the CDN",
    }
}

#[cfg(test)]
mod tests {
    use super::told;

    #[test]
    fn the_program_that_waited_is_named() {
        let to = |programs: &[&str]| told("{Cache} waited; then {cache} gave up.", programs.iter().copied());
        assert_eq!(to(&["varnish"]), "The cache waited; then the cache gave up.");
        assert_eq!(to(&[]), to(&["varnish"]));
        assert_eq!(to(&["nginx"]), "nginx waited; then nginx gave up.");
        assert_eq!(to(&["bunny"]), "The CDN waited; then the CDN gave up.");
        assert_eq!(to(&["fastly", "nginx"]), to(&[]), "of several it is not said which");
    }
}
