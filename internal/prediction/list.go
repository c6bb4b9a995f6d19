package prediction

import "context"

// List returns a page of an account's predictions, newest first.
func (s *Service) List(ctx context.Context, account string, f Filter) (Page, error) {
	return Page{}, nil
}
