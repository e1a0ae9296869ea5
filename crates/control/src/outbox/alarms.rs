//! Alarms on their way: to each recipient one mail, until a server has taken it.

use std::{collections::HashMap, sync::Arc, time::Duration};

use terms::{Moment, Secret};
use tokio_util::sync::CancellationToken;

use crate::{
    alarms::{Alarms, Cause, Entry, to_the_second},
    mail::{Message, SendError},
    outbox::{
        FIRST_PAUSE, LONGEST_PAUSE, Tally, at, changed,
        flights::Flights,
        pause,
        post::{Now, Post},
    },
};

/// The channel's name in the alarms' file.
const CHANNEL: &str = "mail";
/// An alarm that somebody has received is tried for the others for this long.
const OTHERS_LIMIT: Duration = Duration::from_secs(24 * 3600);

pub(super) struct Sender<'a> {
    pub(super) alarms: Alarms,
    pub(super) post: &'a Post,
    pub(super) node: &'a str,
}

/// Which alarm a mail tells, and whom.
struct About {
    entry: Arc<Entry>,
    recipient: String,
}

impl Sender<'_> {
    pub(super) async fn run(self, stop: &CancellationToken) {
        let mut config = self.post.config();
        let mut way = self.post.way();
        let mut not_before: HashMap<String, Moment> = HashMap::new();
        while !stop.is_cancelled() {
            config.mark_unchanged();
            way.mark_unchanged();
            let next = match self.post.now() {
                Now::Nothing => None,
                Now::Closed(until) => Some(until),
                Now::By(mailer, config) => {
                    let (mails, next) = self.due(&mailer, &config, &mut not_before);
                    if !mails.is_empty() {
                        let flights = Flights::new(mailer, mails);
                        self.send(flights, &mut not_before, stop).await;
                        continue;
                    }
                    next
                }
            };
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.alarms.changed() => {}
                () = at(next) => {}
                () = changed(&mut config) => {}
                () = changed(&mut way) => {}
            }
        }
    }

    /// What is to be sent now, and else when to look again. What nobody is missing from
    /// is settled on the way.
    fn due(
        &self,
        mailer: &crate::mail::Mailer,
        config: &config::Mail,
        not_before: &mut HashMap<String, Moment>,
    ) -> (Vec<(About, Message)>, Option<Moment>) {
        let now = self.post.clock.moment();
        let pending = self.alarms.pending();
        not_before.retain(|id, _| pending.iter().any(|entry| entry.id == *id));
        let (mut mails, mut next) = (Vec::new(), None);
        for entry in &pending {
            let missing: Vec<(&String, String)> = config
                .to
                .iter()
                .map(|address| (address, entry.recipient(address)))
                .filter(|(_, recipient)| !entry.told.contains(recipient))
                .collect();
            let age = self.post.clock.now().since(entry.at);
            let given_up = !entry.told.is_empty() && age > OTHERS_LIMIT;
            if missing.is_empty() || given_up {
                if given_up && !missing.is_empty() {
                    let missing = missing.len();
                    tracing::error!(
                        alarm = entry.id,
                        missing,
                        "not every recipient could be told"
                    );
                }
                self.alarms.settle(&entry.id);
                continue;
            }
            if let Some(until) = not_before.get(&entry.id).filter(|until| **until > now) {
                next = Some(next.map_or(*until, |earlier: Moment| earlier.min(*until)));
                continue;
            }
            // Set before the attempt: whatever becomes of it, it isn't made again at once.
            let failures = u64::from(entry.failures).saturating_add(1);
            let until = now.after(pause(failures, &self.post.rng));
            not_before.insert(entry.id.clone(), until);
            for (address, recipient) in missing {
                let about = About {
                    entry: entry.clone(),
                    recipient,
                };
                mails.push((about, self.write(entry, address, mailer.domain())));
            }
        }
        (mails, next)
    }

    async fn send(
        &self,
        mut flights: Flights<About>,
        not_before: &mut HashMap<String, Moment>,
        stop: &CancellationToken,
    ) {
        while let Some((about, result)) = flights.next().await {
            let id = &about.entry.id;
            match result {
                Ok(()) => {
                    self.post.count(Tally::Sent);
                    self.post.reached();
                    // Where it can't be written it still counts until the next start;
                    // then the same mail leaves once more.
                    if let Err(error) = self.alarms.sent(id, CHANNEL, &about.recipient).await {
                        tracing::error!(alarm = id, %error, "an alarm left, which isn't kept");
                    }
                }
                Err(error) => {
                    self.post.count(Tally::Failed);
                    let failures = self.alarms.failed(id);
                    self.again(&about, &error, failures, not_before);
                    if error.is_unreachable() {
                        self.post.unreachable(&error);
                        let soon = self.post.clock.moment().after(FIRST_PAUSE);
                        for held in flights.hold() {
                            not_before.insert(held.entry.id.clone(), soon);
                        }
                    }
                }
            }
            if stop.is_cancelled() {
                flights.hold().for_each(drop);
            }
        }
    }

    fn again(
        &self,
        about: &About,
        error: &SendError,
        failures: u32,
        not_before: &mut HashMap<String, Moment>,
    ) {
        let id = &about.entry.id;
        tracing::warn!(alarm = id, failures, %error, "an alarm didn't leave; it is tried again");
        let now = self.post.clock.moment();
        let wait = if error.is_permanent() {
            LONGEST_PAUSE
        } else if error.is_unreachable() {
            FIRST_PAUSE // the way decides when
        } else {
            pause(u64::from(failures), &self.post.rng)
        };
        not_before.insert(id.clone(), now.after(wait));
    }

    fn write(&self, entry: &Entry, address: &str, domain: &str) -> Message {
        let id = |id: &str| format!("<{id}@{domain}>");
        let (subject, in_reply_to) = match &entry.cause {
            Cause::Raised => (format!("[Waarborg] {}", entry.subject), None),
            Cause::Cleared { raised, .. } => (
                format!("[Waarborg] Over: {}", entry.subject),
                Some(id(raised)),
            ),
        };
        Message {
            to: Secret::new(address.to_owned()),
            subject,
            text: Secret::new(self.text(entry)),
            message_id: id(&entry.id),
            in_reply_to,
            date: entry.at,
        }
    }

    fn text(&self, entry: &Entry) -> String {
        let now = to_the_second(self.post.clock.now());
        let at = to_the_second(entry.at);
        let open = self.alarms.open_alarm(&entry.kind);
        let mut lines = Vec::new();
        match &entry.cause {
            Cause::Raised => {
                lines.push(format!("{}\n", entry.text.trim_end()));
                lines.push(format!("Raised at {at}."));
                lines.push(match &open {
                    Some(open) if open.times > 1 => {
                        let (times, since) = (open.times, to_the_second(open.since));
                        format!("Raised {times} times since {since}, and not over at {now}.")
                    }
                    Some(_) => format!("Not over at {now}; another mail tells when it is."),
                    None => format!("It was over again before this mail left at {now}."),
                });
            }
            Cause::Cleared { since, times, .. } => {
                let since = to_the_second(*since);
                lines.push(format!("{}\n", entry.subject));
                lines.push(format!("This began at {since} and was over at {at}."));
                if *times > 1 {
                    lines.push(format!("It was raised {times} times."));
                }
                if open.is_some() {
                    lines.push(format!(
                        "It has begun again since, and isn't over at {now}."
                    ));
                }
            }
        }
        if entry.failures > 0 {
            lines.push(format!(
                "This mail is late: {} attempts to send it failed before.",
                entry.failures
            ));
        }
        lines.push(format!("Node {}, alarm {}.", self.node, entry.kind));
        lines.join("\n") + "\n"
    }
}
