package mail

import (
	"fmt"
	"strings"
	"time"
)

// maxShownName keeps what strangers wrote into a name from filling a mail.
const maxShownName = 60

func shown(name, otherwise string) string {
	if name = OneLine(name, maxShownName); name == "" {
		return otherwise
	}
	return strings.ReplaceAll(strings.ReplaceAll(name, "://", ": "), "www.", "www ") // a name is no link
}

// Invitation is the mail with the link by which a person takes a seat, or becomes an
// operator where account is "". Base is this server's address, by who invites.
func Invitation(to, base, token, by, account, role string) Message {
	what := "to the account \"" + shown(account, "of a colleague") + "\" as " + role
	if account == "" {
		what = "to look after this server as " + role
	}
	return Message{To: to, Subject: "Invitation to " + base, Text: fmt.Sprintf(
		"%s invites you %s at %s.\n\nTo accept, open this link:\n\n%s\n\nIt works once, for seven days. If you don't know what this is about, do nothing.\n",
		shown(by, "Somebody"), what, base, InviteLink(base, token))}
}

// InviteLink is where an invitation is accepted.
func InviteLink(base, token string) string { return base + "/invite/" + token }

// ResetLink is where a password is set anew.
func ResetLink(base, token string) string { return base + "/reset/" + token }

// CheckLink is where an e-mail is confirmed.
func CheckLink(base, token string) string { return base + "/check/" + token }

// SetupLink is where the first operator sets up the server.
func SetupLink(base, token string) string { return base + "/setup/" + token }

// Reset is the mail with a link that sets a password.
func Reset(to, base, token string) Message {
	return Message{To: to, Subject: "Set a new password for " + base, Text: fmt.Sprintf(
		"Somebody asked for a new password for %s with this e-mail. To set one, open this link within an hour:\n\n%s\n\n"+
			"It works once, and signs you out everywhere. If it was not you, do nothing: your password stays.\n", base, ResetLink(base, token))}
}

// Check is the mail with a link that shows whose the e-mail is.
func Check(to, base, token string) Message {
	return Message{To: to, Subject: "Confirm your e-mail for " + base, Text: fmt.Sprintf(
		"To confirm that this e-mail is yours, open this link within three days:\n\n%s\n\nIf you did not sign up at %s, do nothing.\n", CheckLink(base, token), base)}
}

// Known is the mail to somebody with whose e-mail a sign-up was tried.
func Known(to, base string) Message {
	return Message{To: to, Subject: "You have a sign-in at " + base, Text: fmt.Sprintf(
		"Somebody tried to sign up at %s with this e-mail, which signs in there already. If it was you: sign in at\n\n%s/signin\n\n"+
			"or have a new password set at\n\n%s/reset\n\nIf it was not you, do nothing.\n", base, base, base)}
}

// Moved is the mail to the old address of somebody who changed it.
func Moved(to, base, now string) Message {
	return Message{To: to, Subject: "Your e-mail at " + base + " was changed", Text: fmt.Sprintf(
		"The e-mail that you sign in with at %s is now %s. If it was not you, tell the operator of that server.\n", base, shown(now, "another one"))}
}

// NewPassword is the mail to somebody whose password was set.
func NewPassword(to, base string, at time.Time) Message {
	return Message{To: to, Subject: "Your password at " + base + " was changed", Text: fmt.Sprintf(
		"Your password at %s was changed on %s. If it was not you, set a new one at once:\n\n%s/reset\n", base, at.UTC().Format("2 January 2006 at 15:04 UTC"), base)}
}

// LowBalance is the mail about an account whose credit fell below a level. Amounts are in
// dollars.
func LowBalance(to, base, account, balance, level string) Message {
	return Message{To: to, Subject: "Low balance: " + shown(account, "your account"), Text: fmt.Sprintf(
		"The balance of the account \"%s\" at %s is $%s, below $%s. When it is used up, requests that cost something are refused.\n\n"+
			"Add credit, or change when you are told:\n\n%s/billing\n%s/settings\n", shown(account, "your account"), base, balance, level, base, base)}
}

// SpentBudget is the mail about a key that has spent a part of its budget of this month.
func SpentBudget(to, base, account, key string, percent int) Message {
	end := "At 100 % its requests are refused until the month ends."
	if percent >= 100 {
		end = "Its requests are refused until the month (UTC) ends, or its budget is raised."
	}
	return Message{To: to, Subject: fmt.Sprintf("%d %% of a key's budget is spent: %s", percent, shown(account, "your account")), Text: fmt.Sprintf(
		"The key \"%s\" of the account \"%s\" at %s has spent %d %% of its budget of this month. %s\n\nSee it at:\n\n%s/keys\n",
		shown(key, "without a name"), shown(account, "your account"), base, percent, end, base)}
}
