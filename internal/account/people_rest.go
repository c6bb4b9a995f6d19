package account

import (
	"context"
	"time"

	"skytower/internal/fault"
	"skytower/internal/skytells"
)

func notYet() error { return fault.New(fault.ServiceUnavailable, "This is being built.") }

// The signatures: the bodies come next.

func (s *Service) Principal(ctx context.Context, seat Seat) (Principal, error) {
	return Principal{}, notYet()
}

func (s *Service) SetupLink(ctx context.Context) (token string, needed bool, err error) {
	return "", false, nil
}
func (s *Service) SetUp(ctx context.Context, token string, r PersonRequest, w Where) (Person, error) {
	return Person{}, notYet()
}
func (s *Service) SignIn(ctx context.Context, email, password string, w Where) (Person, error) {
	return Person{}, notYet()
}
func (s *Service) SignInWith(ctx context.Context, id Identity, open bool) (Person, error) {
	return Person{}, notYet()
}
func (s *Service) SignUp(ctx context.Context, r PersonRequest, w Where) (Person, error) {
	return Person{}, notYet()
}
func (s *Service) Invite(ctx context.Context, by Operator, member string) (token string, _ skytells.Member, err error) {
	return "", skytells.Member{}, notYet()
}
func (s *Service) InviteOperator(ctx context.Context, by Operator, email, name string, role Role) (token string, err error) {
	return "", notYet()
}
func (s *Service) Invitation(ctx context.Context, token string) (Invite, error) {
	return Invite{}, notYet()
}
func (s *Service) Accept(ctx context.Context, token string, r PersonRequest, person string, w Where) (Person, error) {
	return Person{}, notYet()
}
func (s *Service) AskReset(ctx context.Context, email string, w Where) (token string, p Person, err error) {
	return "", Person{}, notYet()
}
func (s *Service) Reset(ctx context.Context, token, password string, w Where) (Person, error) {
	return Person{}, notYet()
}
func (s *Service) AskCheck(ctx context.Context, person string) (token string, err error) {
	return "", notYet()
}
func (s *Service) Check(ctx context.Context, token string) (Person, error) { return Person{}, notYet() }
func (s *Service) ChangePassword(ctx context.Context, person, old, new string, keep string) error {
	return notYet()
}
func (s *Service) ChangePerson(ctx context.Context, person string, r PersonRequest) (Person, error) {
	return Person{}, notYet()
}
func (s *Service) DeletePerson(ctx context.Context, person string) error { return notYet() }

func (s *Service) StartSession(ctx context.Context, person string, w Where) (raw string, _ Session, err error) {
	return "", Session{}, notYet()
}
func (s *Service) Session(ctx context.Context, raw string, w Where) (Visitor, error) {
	return Visitor{}, fault.New(fault.Unauthorized, "Sign in first.")
}
func (s *Service) Sessions(ctx context.Context, person string) ([]Session, error) {
	return []Session{}, nil
}
func (s *Service) EndSession(ctx context.Context, person, id string) error    { return notYet() }
func (s *Service) EndSessions(ctx context.Context, person, keep string) error { return notYet() }
func (s *Service) View(ctx context.Context, v Visitor, account string) error  { return notYet() }
func (s *Service) HiddenKey(ctx context.Context, seat Seat, session string) (raw string, expires time.Time, err error) {
	return "", time.Time{}, notYet()
}

func (s *Service) SeatKeys(ctx context.Context, seat Seat, p Page) ([]skytells.Key, error) {
	return nil, notYet()
}
func (s *Service) CreateSeatKey(ctx context.Context, seat Seat, r skytells.KeyRequest) (skytells.Key, error) {
	return skytells.Key{}, notYet()
}
func (s *Service) UpdateSeatKey(ctx context.Context, seat Seat, id string, c skytells.KeyChange) (skytells.Key, error) {
	return skytells.Key{}, notYet()
}
func (s *Service) RotateSeatKey(ctx context.Context, seat Seat, id string, r skytells.RotateRequest) (skytells.Key, error) {
	return skytells.Key{}, notYet()
}
func (s *Service) RevokeSeatKey(ctx context.Context, seat Seat, id string) (skytells.Key, error) {
	return skytells.Key{}, notYet()
}
func (s *Service) SeatMembers(ctx context.Context, seat Seat, p Page) ([]skytells.Member, error) {
	return nil, notYet()
}
func (s *Service) AddSeatMember(ctx context.Context, seat Seat, r skytells.MemberRequest) (skytells.Member, error) {
	return skytells.Member{}, notYet()
}
func (s *Service) InviteSeatMember(ctx context.Context, seat Seat, member string) (token string, _ skytells.Member, err error) {
	return "", skytells.Member{}, notYet()
}
func (s *Service) UpdateSeatMember(ctx context.Context, seat Seat, id string, r skytells.MemberRequest) (skytells.Member, error) {
	return skytells.Member{}, notYet()
}
func (s *Service) RemoveSeatMember(ctx context.Context, seat Seat, id string) (skytells.Member, error) {
	return skytells.Member{}, notYet()
}
func (s *Service) SeatSettings(ctx context.Context, seat Seat) (skytells.Account, error) {
	return skytells.Account{}, notYet()
}
func (s *Service) ChangeSeatSettings(ctx context.Context, seat Seat, r skytells.AccountRequest) (skytells.Account, error) {
	return skytells.Account{}, notYet()
}
func (s *Service) MakeSeatWebhookSecret(ctx context.Context, seat Seat) (skytells.WebhookSecret, error) {
	return skytells.WebhookSecret{}, notYet()
}
func (s *Service) RemoveSeatWebhookSecret(ctx context.Context, seat Seat) (skytells.WebhookSecret, error) {
	return skytells.WebhookSecret{}, notYet()
}

func (s *Service) CloseAccount(ctx context.Context, by Operator, account string) error {
	return notYet()
}
func (s *Service) CloseSeatAccount(ctx context.Context, seat Seat) error { return notYet() }

func (s *Service) Sweep(ctx context.Context) error { return nil }
