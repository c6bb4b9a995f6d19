package developer

import (
	"cmp"
	"slices"
	"strings"

	"skytower/internal/account"
	"skytower/internal/console/desk"
	"skytower/internal/console/ui"
	"skytower/internal/skytells"
)

// mostMembers of an account are shown.
const mostMembers = 1000

type membersView struct {
	Members           []memberRow
	Roles             []ui.Choice
	Owner             bool
	Name, Email, Role string // as typed
}

type memberRow struct {
	skytells.Member
	Me, MayLeave bool
}

func roleChoices() []ui.Choice {
	return []ui.Choice{
		{Value: "developer", Label: "Developer: makes keys and predictions, sees usage"}, {Value: "billing", Label: "Billing: sees and pays what was used"},
		{Value: "viewer", Label: "Viewer: looks, and changes nothing"}, {Value: "owner", Label: "Owner: everything"},
	}
}

// living are the account's members who were not removed.
func (p *Pages) living(d *desk.Desk) ([]skytells.Member, error) {
	all, err := p.o.Accounts.SeatMembers(d.Ctx(), d.Seat, account.Page{Limit: mostMembers})
	return slices.DeleteFunc(all, func(m skytells.Member) bool { return m.RemovedAt != nil }), err
}

// memberName is who has a seat.
func (p *Pages) memberName(d *desk.Desk, id string) string {
	all, err := p.o.Accounts.SeatMembers(d.Ctx(), d.Seat, account.Page{Limit: mostMembers})
	if err != nil {
		return id
	}
	for _, m := range all {
		if m.ID == id {
			return cmp.Or(m.Name, m.Email, id)
		}
	}
	return id
}

func (p *Pages) members(d *desk.Desk) error { return p.showMembers(d, membersView{Role: "developer"}) }

func (p *Pages) showMembers(d *desk.Desk, v membersView) error {
	all, err := p.living(d)
	if err != nil {
		return p.refused(d, "Members", err)
	}
	v.Owner, v.Roles = owns(d), roleChoices()
	for _, m := range all {
		me := m.ID == d.Seat.Member
		v.Members = append(v.Members, memberRow{m, me, me && d.CanWrite()})
	}
	return p.show(d, "members", "Members", v)
}

// addMember adds somebody and invites them.
func (p *Pages) addMember(d *desk.Desk) error {
	v := membersView{Name: strings.TrimSpace(d.Value("name")), Email: strings.TrimSpace(d.Value("email")), Role: d.Value("role")}
	m, err := p.o.Accounts.AddSeatMember(d.Ctx(), d.Seat, skytells.MemberRequest{Name: v.Name, Email: v.Email, Role: v.Role})
	if err != nil {
		if err := d.Say(err); err != nil {
			return err
		}
		return p.showMembers(d, v)
	}
	if m.Email == "" {
		d.Note("good", "The member is added. Without an e-mail address nobody can be invited to the seat.")
		return d.Redirect("/members")
	}
	return p.invite(d, m.ID)
}

func (p *Pages) inviteMember(d *desk.Desk) error { return p.invite(d, d.Request.PathValue("id")) }

// invite mails the link of an invitation, or shows it, this once.
func (p *Pages) invite(d *desk.Desk, id string) error {
	token, m, err := p.o.Accounts.InviteSeatMember(d.Ctx(), d.Seat, id)
	if err != nil {
		return p.sayAt(d, err, "/members")
	}
	link := d.Base + "/invite/" + token
	if p.o.Invite != nil {
		by := cmp.Or(d.Visitor.Person.Name, d.Visitor.Person.Email)
		if err := p.o.Invite(Invitation{To: m.Email, Base: d.Base, Token: token, By: by, Account: d.Seat.AccountName, Role: m.Role}); err == nil {
			d.Note("good", "An invitation is on its way to "+m.Email+".")
			return d.Redirect("/members")
		}
		d.Note("warn", "The invitation could not be mailed. Hand the link over yourself.")
	}
	return p.show(d, "invited", "Invitation", struct {
		Member skytells.Member
		Link   string
	}{m, link})
}

func (p *Pages) changeRole(d *desk.Desk) error {
	m, err := p.o.Accounts.UpdateSeatMember(d.Ctx(), d.Seat, d.Request.PathValue("id"), skytells.MemberRequest{Role: d.Value("role")})
	if err != nil {
		return p.sayAt(d, err, "/members")
	}
	d.Note("good", cmp.Or(m.Name, m.Email)+" is now "+m.Role+".")
	return d.Redirect("/members")
}

func (p *Pages) removeMember(d *desk.Desk) error {
	id := d.Request.PathValue("id")
	m, err := p.o.Accounts.RemoveSeatMember(d.Ctx(), d.Seat, id)
	if err != nil {
		return p.sayAt(d, err, "/members")
	}
	if id == d.Seat.Member {
		d.Note("good", "You have left "+d.Seat.AccountName+".")
		return d.Redirect("/me")
	}
	d.Note("good", cmp.Or(m.Name, m.Email)+" is removed, and their keys are revoked.")
	return d.Redirect("/members")
}
