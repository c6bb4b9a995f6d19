package prediction

// Watch tells when a prediction's version changes: the channel gets a value after each
// change (or several at once), in this process at once and from other processes within
// a quarter of a second. stop gives it back.
func (s *Service) Watch(id string) (changed <-chan struct{}, stop func()) {
	return nil, func() {}
}

// wake tells this process's watchers that the prediction changed; after the commit.
func (s *Service) wake(id string) {}
