module.exports = () => ({ 'users-permissions': { config: { jwtSecret: 'users-jwt-secret-of-this-test' } } });
