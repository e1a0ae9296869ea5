# Een ander wachtwoord via een gemailde link.

reset-link = Ik ben mijn wachtwoord vergeten
reset-title = Wachtwoord vergeten?
reset-lead = Vul uw aanmeldnaam of uw e-mailadres in. Is er een account bij, dan gaat er een link naar het adres ervan.
reset-name = Aanmeldnaam of e-mailadres
reset-button = Link versturen
reset-sent-title = Kijk in uw mail
reset-sent-text = Is er een account met die naam of dat adres, dan is er een link onderweg. Die werkt één keer, een half uur lang.
reset-sent-todo = Niets gekomen? Kijk bij de ongewenste mail, wacht een paar minuten en kijk na of u het juiste adres gebruikte. Ook de beheerder kan helpen.
reset-choose-title = Kies een wachtwoord
reset-choose-button = Dit wachtwoord bewaren
reset-done-title = Uw wachtwoord is bewaard
reset-done-text = Elke sessie die nog openstond, is beëindigd. Meld u aan met het nieuwe wachtwoord; heeft uw account een tweede stap, dan wordt die gevraagd als altijd.
