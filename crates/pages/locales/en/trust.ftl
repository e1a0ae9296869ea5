# The trust page and the evidence behind it.

trust-title = Security and availability
trust-lead = Every promise on this page is put to the test again and again by an attack on this very site: its drill. A claim appears here only while a drill has recently shown it to be true. The limits of a promise always appear.
trust-as-of = As of
trust-promised = What is promised
trust-not-promised = What isn’t promised
trust-not-promised-lead = These subjects are listed as well, so that silence is never mistaken for a promise.
trust-nothing-said = At the moment, nothing about this can be said with proof.
trust-proven-at = Last proven on
trust-from = seen from { vantage }
trust-clauses = What was checked
trust-evidence = Evidence of the last drill
trust-tls-report = The whole report
trust-json = This page as data (JSON)

state-green = Proven
    .meaning = The drill has recently shown it to be true.
state-amber = Not proven now
    .meaning = There is no recent proof; nor has it been shown to be false.
state-red = Broken
    .meaning = The drill has shown that it doesn’t hold.
state-not-promised = Not promised
    .meaning = This site makes no statement about it.

standing-proven = Proven
standing-limit = Limit
standing-unproven = Not proven now
standing-refuted = Shown to be false

ledger-title = The ledger
ledger-text = Every result goes into a ledger to which entries can only be added. The root fixes all of its content: note it down today, and later you can check that nothing was changed or left out.
ledger-size = Entries
ledger-root = Root (SHA-256)
ledger-at = Sealed on

evidence-title = Evidence: { $promise }
evidence-lead = This is the public record of one drill.
evidence-drill = Drill
evidence-promise = Promise
evidence-verdict = Result
evidence-at = Carried out on
evidence-from = From
evidence-clauses = What was checked
evidence-transcript = Transcript
evidence-transcript-none = No part of this transcript is public.
evidence-ledger = Its place in the ledger
evidence-index = Entry number
evidence-leaf = Hash of the entry
evidence-path = Hashes on the way to the root
evidence-path-none = None: this entry is the whole ledger.
evidence-verify = To verify it, combine the hash of the entry with the hashes on the way, in their order, as RFC 6962, section 2.1.1, describes. The result must equal the root. That proves that this entry stands in the ledger, and that it hasn’t been changed since.
evidence-pending = This drill isn’t in a sealed part of the ledger yet. Look again in a few minutes.
evidence-back = Back to all promises
