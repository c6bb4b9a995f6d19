package cli

import (
	"context"
	"fmt"
	"strings"

	"skytower/internal/skytells"
)

type membersCommand struct {
	List   membersList   `cmd:"" help:"List an account's members, removed ones too."`
	Add    membersAdd    `cmd:"" help:"Add a person to an account."`
	Set    membersSet    `cmd:"" help:"Change a member; a lower role takes its scopes from the member's keys, within two seconds everywhere."`
	Remove membersRemove `cmd:"" help:"Remove a member and revoke the member's keys, within two seconds everywhere."`
}

type membersList struct {
	Account string `arg:"" help:"Id of the account (acct_…)."`
}

// Run lists members.
func (m *membersList) Run(ctx context.Context, s *session) error {
	c, err := s.connect()
	if err != nil {
		return err
	}
	members, err := c.Members(ctx, m.Account)
	if err != nil {
		return err
	}
	return list(s, members, []string{"ID", "NAME", "EMAIL", "ROLE", "STATE", "ADDED"}, func(m skytells.Member) []string {
		return []string{m.ID, m.Name, m.Email, m.Role, memberState(m), day(m.CreatedAt)}
	})
}

func memberState(m skytells.Member) string {
	if m.RemovedAt != nil {
		return "removed"
	}
	return "active"
}

type membersAdd struct {
	Account string `arg:"" help:"Id of the account (acct_…)."`
	Name    string `help:"The person's name."`
	Email   string `help:"The person's email address."`
	Role    string `required:"" placeholder:"ROLE" help:"What keys made for the person may do: owner (everything), developer (everything but billing), billing (balance, statements, payments, usage) or viewer (reads)."`
}

// Run adds the member.
func (m *membersAdd) Run(ctx context.Context, s *session) error {
	if m.Name == "" && m.Email == "" {
		return usagef("say who it is: --name or --email")
	}
	c, err := s.connect()
	if err != nil {
		return err
	}
	made, err := c.CreateMember(ctx, m.Account, skytells.MemberRequest{Name: m.Name, Email: m.Email, Role: m.Role})
	return showMember(s, made, err)
}

type membersSet struct {
	ID    string `arg:"" name:"member" help:"Id of the member (mem_…), as 'members list' shows it."`
	Name  string `help:"New name."`
	Email string `help:"New email address."`
	Role  string `placeholder:"ROLE" help:"New role: owner (everything), developer (everything but billing), billing (balance, statements, payments, usage) or viewer (reads)."`
}

// Run changes the member.
func (m *membersSet) Run(ctx context.Context, s *session) error {
	if m.Name == "" && m.Email == "" && m.Role == "" {
		return usagef("say what to change: --name, --email or --role")
	}
	c, err := s.connect()
	if err != nil {
		return err
	}
	changed, err := c.UpdateMember(ctx, m.ID, skytells.MemberRequest{Name: m.Name, Email: m.Email, Role: m.Role})
	return showMember(s, changed, err)
}

type membersRemove struct {
	ID string `arg:"" name:"member" help:"Id of the member (mem_…), as 'members list' shows it."`
}

// Run removes the member.
func (m *membersRemove) Run(ctx context.Context, s *session) error {
	c, err := s.connect()
	if err != nil {
		return err
	}
	removed, err := c.RemoveMember(ctx, m.ID)
	if err != nil {
		return err
	}
	who := strings.TrimSpace(firstOf(removed.Name, removed.Email))
	return s.show(removed, func(t *table) { t.row(fmt.Sprintf("Removed %s (%s) and revoked the keys.", removed.ID, who)) })
}

func showMember(s *session, m skytells.Member, err error) error {
	if err != nil {
		return err
	}
	return s.show(m, func(t *table) { t.row(m.ID, m.Name, m.Email, m.Role) })
}
