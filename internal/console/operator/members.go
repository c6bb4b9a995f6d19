package operator

import (
	"cmp"
	"slices"

	"skytower/internal/console/desk"
	"skytower/internal/console/ui"
	"skytower/internal/fault"
	"skytower/internal/skytells"
)

type membersView struct {
	accountHead
	Members []skytells.Member
	Typed   memberForm
	Roles   []ui.Choice
}

// memberForm is what was typed about a new member.
type memberForm struct{ Name, Email, Role string }

func noSuch(what string) error {
	return fault.New(fault.EndpointNotFound, "There is no such "+what+".")
}

func (p *Pages) members(d *desk.Desk) error { return p.showMembers(d, memberForm{Role: "developer"}) }

// showMembers lists the people of an account who were not removed.
func (p *Pages) showMembers(d *desk.Desk, f memberForm) error {
	h, err := head(d, "/members")
	if err != nil {
		return err
	}
	v := membersView{accountHead: h, Typed: f}
	all, err := d.Admin.Members(d.Ctx(), v.ID)
	if err != nil {
		return err
	}
	v.Members = slices.DeleteFunc(all, func(m skytells.Member) bool { return m.RemovedAt != nil })
	v.Roles = choices("owner", "Owner: everything", "developer", "Developer: keys, calls and data", "billing", "Billing: usage and payments", "viewer", "Viewer: looks at everything")
	return p.show(d, "members", v.Name+": members", v)
}

// addMember adds somebody and invites them.
func (p *Pages) addMember(d *desk.Desk) error {
	f := memberForm{Name: typed(d, "name"), Email: typed(d, "email"), Role: d.Value("role")}
	a, err := d.Admin.Account(d.Ctx(), d.Request.PathValue("id"))
	if err != nil {
		return err
	}
	m, err := d.Admin.CreateMember(d.Ctx(), a.ID, skytells.MemberRequest(f))
	if err != nil {
		if err := d.Say(err); err != nil {
			return err
		}
		return p.showMembers(d, f)
	}
	if m.Email == "" {
		d.Note("good", "The member is added. Without an e-mail address nobody can be invited to the seat.")
		return d.Redirect(accountAt(a.ID, "/members"))
	}
	return p.invite(d, a, m.ID)
}

// invite mails the link of an invitation, or shows it, this once.
func (p *Pages) invite(d *desk.Desk, a skytells.Account, member string) error {
	back := accountAt(a.ID, "/members")
	made, err := d.Admin.InviteMember(d.Ctx(), member)
	if err != nil {
		return sayAt(d, err, back, "")
	}
	i := Invitation{Account: a.Name, Token: made.Token}
	if made.Member != nil {
		i.To, i.Role = made.Member.Email, made.Member.Role
	}
	return p.handOver(d, i, back)
}

// invitedView is a link to hand over.
type invitedView struct{ Email, Account, Link, Back string }

// handOver mails a link, or shows it where there is no mail.
func (p *Pages) handOver(d *desk.Desk, i Invitation, back string) error {
	i.Base, i.By = d.Base, cmp.Or(d.Visitor.Person.Name, d.Visitor.Person.Email)
	if p.o.Invite != nil {
		if p.o.Invite(i) == nil {
			d.Note("good", "An invitation is on its way to "+i.To+".")
			return d.Redirect(back)
		}
		d.Note("warn", "The invitation could not be mailed. Hand the link over yourself.")
	}
	return p.show(d, "invited", "Invitation", invitedView{i.To, i.Account, d.Base + "/invite/" + i.Token, back})
}

// theMember is the member of the address, if it is the account's.
func (p *Pages) theMember(d *desk.Desk) (skytells.Account, skytells.Member, error) {
	a, err := d.Admin.Account(d.Ctx(), d.Request.PathValue("id"))
	if err != nil {
		return a, skytells.Member{}, err
	}
	all, err := d.Admin.Members(d.Ctx(), a.ID)
	if err != nil {
		return a, skytells.Member{}, err
	}
	i := slices.IndexFunc(all, func(m skytells.Member) bool { return m.ID == d.Request.PathValue("member") })
	if i < 0 {
		return a, skytells.Member{}, noSuch("member")
	}
	return a, all[i], nil
}

func (p *Pages) inviteMember(d *desk.Desk) error {
	a, m, err := p.theMember(d)
	if err != nil {
		return err
	}
	return p.invite(d, a, m.ID)
}

func (p *Pages) changeRole(d *desk.Desk) error {
	a, m, err := p.theMember(d)
	if err != nil {
		return err
	}
	m, err = d.Admin.UpdateMember(d.Ctx(), m.ID, skytells.MemberRequest{Role: d.Value("role")})
	return sayAt(d, err, accountAt(a.ID, "/members"), cmp.Or(m.Name, m.Email)+" is now "+m.Role+".")
}

func (p *Pages) removeMember(d *desk.Desk) error {
	a, m, err := p.theMember(d)
	if err != nil {
		return err
	}
	_, err = d.Admin.RemoveMember(d.Ctx(), m.ID)
	return sayAt(d, err, accountAt(a.ID, "/members"), cmp.Or(m.Name, m.Email)+" is removed. Their keys stop within two seconds.")
}
