package llama

// Child is the process number of an engine's child; 0: there is none.
func (p *Provider) Child(name string) int {
	m := p.models[name]
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.child == nil {
		return 0
	}
	return m.child.cmd.Process.Pid
}

// Gone is closed when the engine's present child is gone.
func (p *Provider) Gone(name string) <-chan struct{} {
	m := p.models[name]
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.child.done
}
