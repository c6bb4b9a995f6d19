package config

// Default is the configuration of a server that was told nothing.
func Default() *Config {
	c, err := Load(Sources{})
	if err != nil {
		panic("the default configuration is not valid: " + err.Error())
	}
	return c
}
