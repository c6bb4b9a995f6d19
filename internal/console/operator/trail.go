package operator

import (
	"strconv"
	"time"

	"skytower/internal/console/desk"
	"skytower/internal/skytells"
)

type ledgerView struct {
	Verified *skytells.Verification
	Took     time.Duration
	Checked  []stat
	Account  string // what was asked for
	Found    []accountLine
}

// ledger checks all of it when asked, and leads to the postings of an account.
func (p *Pages) ledger(d *desk.Desk) error {
	v := ledgerView{Account: asked(d, "account")}
	if v.Account != "" {
		found, err := d.Admin.FindAccounts(d.Ctx(), skytells.AccountQuery{Search: v.Account, Limit: perPage})
		if err != nil {
			return err
		}
		if len(found) == 1 {
			return d.Redirect(accountAt(found[0].ID, "/money"))
		}
		v.Found = []accountLine{}
		for _, a := range found {
			v.Found = append(v.Found, accountLine{a, accountState(a)})
		}
	}
	if d.Query("verify") == "" {
		return p.show(d, "ledger", "Ledger", v)
	}
	begun := time.Now()
	result, err := d.Admin.VerifyLedger(d.Ctx())
	if err != nil {
		return err
	}
	v.Verified, v.Took = &result, time.Since(begun)
	return p.show(d, "ledger", "Ledger", v)
}

type auditView struct {
	Filter      skytells.AuditFilter
	Filtered    bool
	Entries     []auditLine
	Next, First string
}

// auditLine is one act, with the operator's name where it is one.
type auditLine struct {
	skytells.AuditEntry
	ActorName string
	Href      string // of what was acted on, if it has a page
}

// audit lists administrative acts, newest first.
func (p *Pages) audit(d *desk.Desk) error {
	f := skytells.AuditFilter{Subject: asked(d, "subject"), Actor: asked(d, "actor"), Action: asked(d, "action")}
	after, _ := strconv.ParseInt(d.Query("after"), 10, 64)
	v := auditView{Filter: f, Filtered: f.Subject+f.Actor+f.Action != ""}
	entries, err := d.Admin.AuditPage(d.Ctx(), f, after, perPage)
	if err != nil {
		return err
	}
	called, err := operatorNames(d)
	if err != nil {
		return err
	}
	for _, e := range entries {
		v.Entries = append(v.Entries, auditLine{e, called[e.Actor], subjectPage(e)})
	}
	filter := []string{"subject", f.Subject, "actor", f.Actor, "action", f.Action}
	if n := len(entries); n == perPage {
		v.Next = queryOf("/operator/audit", append(filter, "after", strconv.FormatInt(entries[n-1].Seq, 10))...)
	}
	if after > 0 {
		v.First = queryOf("/operator/audit", filter...)
	}
	return p.show(d, "audit", "Audit trail", v)
}

func operatorNames(d *desk.Desk) (map[string]string, error) {
	all, err := d.Admin.Operators(d.Ctx())
	called := map[string]string{}
	for _, o := range all {
		called[o.ID] = o.Name
	}
	return called, err
}

// subjectPage is where a subject is shown, by how its id or its action begins.
func subjectPage(e skytells.AuditEntry) string {
	kind := word(e.Action)
	switch {
	case len(e.Subject) > 5 && e.Subject[:5] == "acct_":
		return accountAt(e.Subject, "")
	case kind == "provider":
		return providerAt(e.Subject)
	case kind == "model":
		return modelAt(e.Subject)
	case kind == "prediction":
		return predictionAt(e.Subject)
	}
	return ""
}

// word is what stands before the dot.
func word(action string) string {
	for i := range action {
		if action[i] == '.' {
			return action[:i]
		}
	}
	return action
}

type feedbackView struct {
	Pages             []votesLine
	Useful, NotUseful int64
}

type votesLine struct {
	skytells.PageVotes
	Share string
}

// feedback lists what readers said of the manual.
func (p *Pages) feedback(d *desk.Desk) error {
	all, err := d.Admin.Feedback(d.Ctx())
	if err != nil {
		return err
	}
	var v feedbackView
	for _, pv := range all {
		v.Pages = append(v.Pages, votesLine{pv, strconv.FormatInt(100*pv.Useful/max(1, pv.Useful+pv.NotUseful), 10) + " %"})
		v.Useful += pv.Useful
		v.NotUseful += pv.NotUseful
	}
	return p.show(d, "feedback", "Readers' votes", v)
}
