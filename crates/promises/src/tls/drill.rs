//! The attack on `tls`, in five parts. Malformed hellos, plaintext at the TLS port and
//! the port census are no visitor's work: only where the order says `active`.

use terms::Vantage;

use super::{
    CERTIFICATE, NO_PLAINTEXT, PORTS, REDIRECT, VERSIONS, certificate, plain, ports, versions,
};
use crate::{
    approach::Approach,
    entry::{Drilling, Finding},
    ground::Ground,
};

pub(super) fn drill(ground: &Ground) -> Drilling<'_> {
    Box::pin(async move {
        let order = &ground.order;
        let Ok(now) = Approach::new(ground) else {
            let none = |part| Finding::inconclusive(part, "roots-unusable");
            return [VERSIONS, NO_PLAINTEXT, REDIRECT, PORTS, CERTIFICATE]
                .map(none)
                .to_vec();
        };
        let mut findings = Vec::new();
        if order.active {
            ground.say("tls: old versions");
            let scans = versions::scan(ground, &now).await;
            findings.push(versions::judge(&scans));
            ground.say("tls: plaintext");
            findings.push(plain::at_tls_port(&now).await);
        } else {
            let none = |part| Finding::inconclusive(part, "no-consent");
            findings.extend([VERSIONS, NO_PLAINTEXT, PORTS].map(none));
        }
        findings.push(certificate::judge(ground, &now).await);
        if order.vantage >= Vantage::Outside {
            let at_80 = plain::at_port(&now, plain::PORT).await;
            findings.push(plain::judge(ground, &now, &at_80).await);
            if order.active {
                ground.say("tls: which ports answer");
                findings.push(ports::census(&now, &at_80).await);
            }
        }
        findings
    })
}
